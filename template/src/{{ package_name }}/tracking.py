"""MLflow: the tracking store, its runs, and registered models."""

import gc
import logging
import os
import sqlite3
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

# MLflow reads these when it is imported.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
os.environ.setdefault("MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD", "false")  # S3 is out of reach.
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "3")  # 7 would take minutes to give up.
os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")

import mlflow
import pandas as pd
import yaml
from mlflow.exceptions import MlflowException
from mlflow.models import Model
from mlflow.utils.mlflow_tags import MLFLOW_GIT_COMMIT, MLFLOW_GIT_DIRTY

from . import environment
from .errors import UserError
from .schema import CLASSES, TARGET, UNLABELLED
from .settings import MLFLOW_TRACKING_URI, PROJECT, Options, UsesModel, masked

COLUMNS = [*map(str, UNLABELLED.columns), TARGET, *map(str, CLASSES)]
"""Features, target and classes, which a model carries."""

Report = Callable[[dict[str, float], int], None]
"""Called after each training step with its metrics and its number, from 1."""

log = logging.getLogger(__name__)

EMBEDDED = "sqlite:///"
"""Prefix of the address of a tracking store without a server."""

MISSING = {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}
LOCK_FILES = ("uv.lock", "pyproject.toml", ".python-version")
"""Files from which uv restores an environment."""


@dataclass(frozen=True)
class Version:
    """One version of a registered model."""

    name: str
    number: str
    run_id: str
    notes: dict[str, str]
    """Tags."""

    @property
    def uri(self) -> str:
        return f"models:/{self.name}/{self.number}"


def is_leader() -> bool:
    """Whether this process tracks and registers: rank 0, which launchers set."""
    return os.environ.get("RANK", "0") == "0"


def collect_garbage() -> None:
    """Collect garbage from here on, but not among the imported modules, which ``cli`` left out."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()


@contextmanager
def connection(settings: Options) -> Iterator[None]:
    """Connect to the tracking store.

    Raises:
        UserError: If it cannot be reached, refuses a request, or holds a damaged model.
    """
    logging.getLogger("mlflow").setLevel(logging.CRITICAL)  # It also raises what it logs.
    logging.getLogger("alembic").setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", category=UserWarning, module="mlflow")  # Hints.
    if settings.tracking_token:
        os.environ["MLFLOW_TRACKING_TOKEN"] = settings.tracking_token.get_secret_value()
    uri = settings.tracking_uri
    if os.environ.get("MLFLOW_TRACKING_URI", "") == MLFLOW_TRACKING_URI:  # Connecting changes it.
        log.info("connecting to MLflow at %s", masked(uri))
        if MLFLOW_TRACKING_URI not in {"", uri}:
            place = settings.origins.get("tracking_uri", "default")
            log.warning("MLFLOW_TRACKING_URI is ignored: tracking_uri is set (%s)", place)
    try:
        _open(uri)
        collect_garbage()
        yield
    except (MlflowException, yaml.YAMLError) as error:
        is_missing = getattr(error, "error_code", "") in MISSING
        remedy = "; 'train' creates a model, '--model' chooses another" if is_missing else ""
        reason = str(error).strip().partition("\n")[0].rstrip(".")
        raise UserError(masked(f"MLflow at {uri}: {reason}{remedy}")) from error


@contextmanager
def run(command: str, settings: Options) -> Iterator[str]:
    """Record a run of a command, with its settings, commit, environment and lock; yield its id."""
    commit, is_dirty = environment.commit()
    name = f"{command}-{datetime.now(UTC):%Y-%m-%d-%H%M}" + (f"-{commit[:7]}" if commit else "")
    tags = {MLFLOW_GIT_COMMIT: commit, MLFLOW_GIT_DIRTY: str(is_dirty).lower()} if commit else {}
    with connection(settings), mlflow.start_run(run_name=name, tags=tags) as started:
        mlflow.log_params(settings.model_dump(mode="json"))
        here = environment.read()
        mlflow.set_tag("environment", environment.fingerprint(here))
        mlflow.log_dict(here, "environment/environment.json")
        for path in filter(Path.is_file, map(Path, LOCK_FILES)):
            mlflow.log_artifact(str(path), "environment")
        yield started.info.run_id


def log_rows(rows: pd.DataFrame, source: Path, checksum: str, context: str) -> None:
    """Record the rows of the current run with their checksum, which later runs compare."""
    dataset = mlflow.data.from_pandas(  # type: ignore[attr-defined]
        rows.head(), source=str(source), targets=TARGET, name=source.stem, digest=checksum[:36]
    )
    mlflow.log_input(dataset, context=context)
    mlflow.log_param("data_sha256", checksum)


def find(address: str) -> Version:
    """Look up the version that an address means now, such as models:/name/3 or models:/name.

    Raises:
        UserError: If it is not the address of a registered model.
        MlflowException: If there is no such model.
    """
    path, _, alias = address.removeprefix("models:/").partition("@")
    name, _, number = path.partition("/")
    if not address.startswith("models:/") or not name:
        raise UserError(f"{address} is not a registered model, such as models:/{PROJECT}/3")
    if not (alias or number):
        return champion(name) or find(f"{address}/latest")
    client = mlflow.MlflowClient()
    if number.isdecimal():
        found = client.get_model_version(name, number)
    else:
        found = client.get_model_version_by_alias(name, alias or number)
    return Version(name, str(found.version), str(found.run_id), dict(found.tags))


def champion(name: str = PROJECT) -> Version | None:
    """Look up the version with the alias ``champion``; None if there is none yet."""
    try:
        return find(f"models:/{name}@champion")
    except MlflowException as error:
        if error.error_code in MISSING:
            return None
        raise


def note(version: Version, **notes: str) -> None:
    """Set tags of a version."""
    for name, text in notes.items():
        mlflow.MlflowClient().set_model_version_tag(version.name, version.number, name, text)


def recorded(version: Version) -> dict[str, str]:
    """Return the settings of the run that created a version, as text.

    Raises:
        UserError: If that run is unknown.
    """
    found: dict[str, str] = mlflow.get_run(version.run_id).data.params if version.run_id else {}
    if "data_sha256" not in found:
        raise UserError(f"{version.uri} was not created by 'train': its test rows are unknown")
    return found


def metadata(uri: str) -> dict[str, Any]:
    """Return the metadata of a model; empty if ``train`` did not create it.

    Raises:
        UserError: If its description is damaged.
    """
    try:
        return Model.load(uri).metadata or {}
    except (yaml.YAMLError, AttributeError, LookupError, TypeError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise UserError(f"{uri} cannot be loaded, it may be damaged: {reason}") from error


def fetch(settings: UsesModel) -> tuple[Version, Path]:
    """Choose and download the model of a command; log it, and tag the current run with it."""
    version, best = find(settings.model), champion()
    log.info("using %s%s", version.uri, " (champion)" if version == best else "")
    mlflow.set_tag("model", version.uri)
    return version, download(version.uri, settings)


def download(uri: str, settings: UsesModel) -> Path:
    """Return the folder of a model, for ``model.load``, after checking its environment.

    Raises:
        UserError: If it has other columns, or its environment differs and the settings do not
            allow that.
    """
    facts = metadata(uri)
    if not fits(uri, facts):
        remedy = "train a new model, or choose one by '--model'"
        raise UserError(f"{uri} was trained on other columns or classes: {remedy}")
    if trained_with := facts.get("environment"):
        is_allowed = settings.allow_environment_drift
        environment.check(uri, trained_with, is_drift_allowed=is_allowed)
    return Path(mlflow.artifacts.download_artifacts(uri))


def fits(uri: str, facts: dict[str, Any]) -> bool:
    """Whether a model, with these metadata, has the columns and classes of the schema."""
    if known := facts.get("columns"):
        return bool(known == COLUMNS)
    signature = Model.load(uri).signature  # All that models from before 0.9.0 have.
    return not signature or {*signature.inputs.input_names()} == {*UNLABELLED.columns}


def _open(uri: str) -> None:
    """Select the project's experiment; a store without a server has artifacts beside it."""
    if uri.startswith(EMBEDDED):
        database = Path(uri.removeprefix(EMBEDDED)).absolute()
        database.parent.mkdir(parents=True, exist_ok=True)
        mlflow.set_tracking_uri(f"{EMBEDDED}{database}")
        # MLflow fails if several processes create the tables at the same time.
        with closing(sqlite3.connect(database.with_suffix(".lock"), timeout=60)) as lock:
            lock.execute("BEGIN EXCLUSIVE")
            if mlflow.get_experiment_by_name(PROJECT) is None:
                mlflow.create_experiment(PROJECT, (database.parent / "artifacts").as_uri())
    else:
        if uri.startswith(("postgresql", "mysql", "mssql")):
            _check_database(uri)
        mlflow.set_tracking_uri(uri)
    mlflow.set_experiment(PROJECT)


def _check_database(database: str) -> None:
    """Connect, and fail at once: MLflow would retry for two minutes."""
    from sqlalchemy import create_engine  # Late: a service needs no database.
    from sqlalchemy.exc import SQLAlchemyError

    try:
        create_engine(database).connect().close()
    except SQLAlchemyError as error:
        raise MlflowException(str(error)) from error
