"""The model in use: loading, reloading, export and drift detection."""

import logging
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock, Thread
from time import perf_counter
from typing import Any

import mlflow
import pandas as pd
import yaml
from typing_extensions import TypedDict

from .. import alerts, columns, data, environment, model, schema, tracking
from ..errors import UserError
from . import drift
from .commands import Export, Serve
from .payload import Payload

log = logging.getLogger(__name__)


class Facts(TypedDict):
    """Which model is in use, and its origin."""

    uri: str
    environment: str | None
    data_sha256: str | None


class Deployment:
    """A loaded model, and the newest rows that it predicted."""

    def __init__(self, uri: str, fitted: Any, metadata: dict[str, Any], settings: Serve) -> None:
        self.uri = uri
        self.model = fitted
        self.metadata = metadata
        self.window = None
        self._settings = settings
        self._is_over_limit = False
        self._lock = Lock()
        if "reference" in metadata:
            self.window = drift.Window(metadata["reference"], settings.drift_rows)
        else:
            log.warning("%s lacks the distribution of its training rows: no drift metrics", uri)

    def describe(self) -> Facts:
        """Return the URI, the training environment and the data checksum of the model."""
        trained_with = self.metadata.get("environment")
        return {
            "uri": self.uri,
            "environment": environment.fingerprint(trained_with) if trained_with else None,
            "data_sha256": self.metadata.get("data_sha256"),
        }

    def watch(self, features: pd.DataFrame) -> None:
        """Add rows to the window; check a full one in a thread, as the webhook may be slow."""
        if self.window and self.window.add(features):
            Thread(target=self.check_drift, daemon=True).start()

    def check_drift(self) -> None:
        """Send an alert when drift crosses its limit, once until it falls below it again."""
        psi, limit = self.window.psi() if self.window else {}, self._settings.drift_limit
        if not self.window or limit is None or not psi:
            return
        excess = {one: psi[one] / max(limit, self.window.chance(one)) for one in psi}
        name = max(excess, key=excess.__getitem__)
        is_over = excess[name] > 1
        with self._lock:
            was_over, self._is_over_limit = self._is_over_limit, is_over
        if is_over and not was_over:
            most = psi[name] / excess[name]
            text = f"{self.uri}: PSI of {name} is {psi[name]:.2f}, above its limit of {most:.2g}"
            log.warning("%s", text)
            alerts.send(text, self._settings)


class Slot:
    """Holds the model in use; a running request keeps the one it started with."""

    def __init__(self, settings: Serve) -> None:
        self.current: Deployment | None = None
        self.reason = "the model is being loaded"
        """Why the last load failed or is not finished; empty after success."""

        self.n_loads = {"done": 0, "refused": 0}
        self._settings = settings
        self._lock = Lock()

    def reload(self) -> Deployment:
        """Load the model, and replace the one in use.

        Raises:
            UserError: If it cannot be loaded or used here; the previous one stays in use.
        """
        with self._lock:
            result = "refused"
            try:
                self.current, self.reason, result = load(self._settings), "", "done"
            except UserError as error:
                self.reason = str(error)
                log.error("loading the model failed: %s", error)
                raise
            finally:
                self.n_loads[result] += 1
            return self.current


def load(settings: Serve) -> Deployment:
    """Load a model from the registry or a folder, and predict one row as a warm-up and a check.

    Raises:
        UserError: If there is no such model, or it cannot be used here.
    """
    start = perf_counter()
    if Path(settings.model, "MLmodel").is_file():  # Needs no tracking store.
        try:
            uri = _exported(Path(settings.model))
            metadata = tracking.metadata(settings.model)
            folder = tracking.download(settings.model, settings)
        except (mlflow.MlflowException, yaml.YAMLError) as error:
            raise UserError(f"{settings.model} contains a damaged model: {error}") from None
    elif ":/" not in settings.model:
        raise UserError(f"{settings.model} is not a folder with a model: it has no file MLmodel")
    else:
        with tracking.connection(settings):
            uri = tracking.find(settings.model).uri
            metadata = tracking.metadata(uri)
            folder = tracking.download(uri, settings)
    fitted = model.load(folder)
    # The first prediction is slow, and a broken model must not replace a working one.
    row = columns.check(pd.DataFrame([Payload(1).example()]), "example", schema.UNLABELLED)
    model.predict(fitted, data.prepare(row))
    tracking.collect_garbage()
    log.info("loaded %s in %.1f s", uri, perf_counter() - start)
    return Deployment(uri, fitted, metadata, settings)


def export(settings: Export) -> str:
    """Export a model to a folder, replacing a model in it.

    Returns:
        URI of the version.

    Raises:
        UserError: If there is no such model, or the folder contains something else.
    """
    folder = settings.export_path
    if folder.exists() and not (folder / "MLmodel").is_file() and any(folder.iterdir()):
        raise UserError(f"{folder} contains files that are no model; choose another folder")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tracking.connection(settings), TemporaryDirectory(dir=folder.parent) as scratch:
        version = tracking.find(settings.model)
        part = Path(scratch, "model")
        mlflow.artifacts.download_artifacts(version.uri, dst_path=str(part))
        shutil.rmtree(folder, ignore_errors=True)
        part.replace(folder)
    return version.uri


def _exported(folder: Path) -> str:
    """Return the URI of the version that a folder was exported from, which MLflow records there."""
    note = folder / "registered_model_meta"
    facts = yaml.safe_load(note.read_text(encoding="utf-8")) if note.is_file() else {}
    return f"models:/{facts['model_name']}/{facts['model_version']}" if facts else str(folder)
