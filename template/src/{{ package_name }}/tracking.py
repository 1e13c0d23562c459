"""MLflow: where runs and models are kept, what a run records, what a model was trained with."""

from __future__ import annotations  # Figure is imported for its type alone.

import logging
import os
import sqlite3
import sys
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

# MLflow reads these when it is imported.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
os.environ.setdefault("MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD", "false")  # S3 may be out of reach
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "3")  # 7 would take minutes to give up
os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")

import mlflow
from mlflow.exceptions import MlflowException
from mlflow.store.artifact.utils.models import get_model_name_and_version

from . import registry
from .settings import PROJECT, Settings
from .sources import masked

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EMBEDDED = "sqlite:///"  # of the tracking database that needs no server

REMEDIES = {
    "RESOURCE_DOES_NOT_EXIST": "; 'train' makes a model, and '--model' names another",
    "INVALID_PARAMETER_VALUE": "; is there such a version or alias? '--model' names another",
}


@contextmanager
def connection(settings: Settings) -> Iterator[None]:
    """Talk to the tracking store of the settings.

    Raises:
        ValueError: If the store cannot be reached, or refuses what is asked of it.
    """
    logging.getLogger("mlflow").setLevel(logging.CRITICAL)  # Its errors are raised, too.
    logging.getLogger("urllib3").setLevel(logging.ERROR)  # not each new attempt
    warnings.filterwarnings("ignore", category=UserWarning, module="mlflow")  # hints, not problems
    if settings.tracking_token:
        os.environ["MLFLOW_TRACKING_TOKEN"] = settings.tracking_token.get_secret_value()
    try:
        _open_store(settings.tracking_uri)
        yield
    except _failures() as error:
        remedy = REMEDIES.get(getattr(error, "error_code", ""), "")
        told = getattr(error.__cause__, "orig", error)  # without a database's long statement
        reason = str(told).strip().partition("\n")[0].rstrip(".")
        raise ValueError(masked(f"MLflow at {settings.tracking_uri}: {reason}{remedy}")) from error


@contextmanager
def source(model_uri: str, settings: Settings) -> Iterator[str]:
    """Give the address at which a model stays: a version in the store, or a folder, without one.

    Raises:
        ValueError: If there is no such model, or its store cannot be reached.
    """
    if Path(model_uri, "MLmodel").is_file():
        try:
            yield model_uri
        except MlflowException as error:
            raise ValueError(f"{model_uri}: {error.message}") from error
    elif ":/" not in model_uri:
        raise ValueError(f"{model_uri} is no folder with a model: it holds no file MLmodel")
    else:
        with connection(settings):
            is_registered = model_uri.startswith("models:/")
            yield registry.find(model_uri).uri if is_registered else model_uri


@contextmanager
def run(command: str, settings: Settings) -> Iterator[str]:
    """Record one run of a command, with its settings; it ends as failed if the body raises.

    Yields:
        Its id.
    """
    with connection(settings), mlflow.start_run(run_name=command) as started:
        mlflow.log_params(settings.model_dump(mode="json"))
        yield started.info.run_id


@contextmanager
def part(name: str, settings: Settings, stop: type[Exception]) -> Iterator[str]:
    """Record a part of the current run, as a run of its own; yield its id.

    It ends as killed if the body raises ``stop``, and as failed if it raises something else.
    """
    with mlflow.start_run(run_name=name, nested=True) as nested:
        mlflow.log_params(settings.model_dump(mode="json"))
        try:
            yield nested.info.run_id
        except stop as reason:
            mlflow.set_tag("stopped", str(reason))
            mlflow.end_run("KILLED")
            raise


def kill(run_id: str) -> None:
    """Close a run whose process died, and the run that it is part of, if this store has them."""
    client = mlflow.MlflowClient()
    with suppress(MlflowException):
        parent_id = client.get_run(run_id).data.tags.get("mlflow.parentRunId")
        for found in filter(None, (run_id, parent_id)):
            client.set_tag(found, "stopped", "its process died")
            client.set_terminated(found, "KILLED")


def log(metrics: dict[str, float], step: int | None = None) -> None:
    """Record metrics in the current run: final values, or those of one step."""
    mlflow.log_metrics(metrics, step=step)


def scores(run_id: str) -> dict[str, float]:
    """Return the final metrics of a run."""
    found: dict[str, float] = mlflow.get_run(run_id).data.metrics
    return found


def describe(**facts: str) -> None:
    """Note facts with the current run, each a name and a text."""
    mlflow.set_tags(facts)


def log_figure(figure: Figure, path: str) -> None:
    """Keep a picture with the current run."""
    mlflow.log_figure(figure, path)


def log_files(paths: list[Path]) -> None:
    """Keep files with the current run."""
    for path in paths:
        mlflow.log_artifact(str(path))


def metadata(model_uri: str) -> dict[str, Any]:
    """Return what a model carries about itself; empty if it was not made by ``train``."""
    with registry.intact(model_uri):  # get_model_info would ask the store, even about a folder.
        return mlflow.models.Model.load(model_uri).metadata or {}


def identify(model_uri: str) -> dict[str, str]:
    """Name the version that a model's URI stands for now, and what no other model has in common."""
    parts = get_model_name_and_version(mlflow.MlflowClient(), model_uri)  # type: ignore[no-untyped-call]
    uri = "/".join(["models:", *map(str, parts)])
    return {"uri": uri, "uuid": str(registry.info(uri).model_uuid)}


def recorded(model_uri: str) -> dict[str, str]:
    """Return the settings of the run that made a model, as text.

    Raises:
        ValueError: If no run of ``train`` is known to have made it.
    """
    run_id = registry.info(model_uri).run_id
    parameters = mlflow.get_run(run_id).data.params if run_id else {}
    if "data_sha256" not in parameters:
        raise ValueError(f"{model_uri} was not made by 'train': its held-out rows are unknown")
    return parameters


def _failures() -> tuple[type[Exception], ...]:
    """Name what a store raises. An image may lack SQLAlchemy: then nothing imported it."""
    library: Any = sys.modules.get("sqlalchemy")
    return (MlflowException, library.exc.SQLAlchemyError) if library else (MlflowException,)


def _open_store(uri: str) -> None:
    """Use the project's experiment; the embedded store keeps its artifacts beside its database."""
    if uri.startswith(EMBEDDED):
        # MLflow keeps the connection of an address, so a relative one would outlive its folder.
        database = Path(uri.removeprefix(EMBEDDED)).absolute()
        database.parent.mkdir(parents=True, exist_ok=True)
        mlflow.set_tracking_uri(EMBEDDED + str(database))
        # Processes that start together would make the tables at the same time, which MLflow fails.
        with closing(sqlite3.connect(database.with_suffix(".lock"), timeout=60)) as lock:
            lock.execute("BEGIN EXCLUSIVE")
            if mlflow.get_experiment_by_name(PROJECT) is None:
                mlflow.create_experiment(PROJECT, (database.parent / "artifacts").as_uri())
    else:
        if uri.startswith(("postgresql", "mysql", "mssql")):
            from sqlalchemy import create_engine  # Late: see above.

            create_engine(uri).connect().close()  # MLflow would try for two minutes to reach it.
        mlflow.set_tracking_uri(uri)
    mlflow.set_experiment(PROJECT)
