"""Environments in MLflow: what a run computed with, and the lock that brings it back."""

import json
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory

import mlflow

from . import registry, tracking
from .environment import Environment

ENVIRONMENT = "environment"
"""Folder of a run's artifacts."""

LOCK_FILES = ("uv.lock", "pyproject.toml", ".python-version")
"""What uv needs to bring an environment back."""


def log(here: Environment) -> None:
    """Record what the current run computes with, and keep the lock that restores it."""
    mlflow.set_tag("environment", here.fingerprint)
    mlflow.log_text(here.to_json(), f"{ENVIRONMENT}/environment.json")
    for path in filter(Path.is_file, map(Path, LOCK_FILES)):
        mlflow.log_artifact(str(path), ENVIRONMENT)


def find(place: str) -> Environment:
    """Return the environment that made a registered model, or that a run or a file recorded.

    Raises:
        ValueError: If there is no such place, or it records no environment.
    """
    try:
        if place.startswith("models:/"):
            return Environment.of(tracking.metadata(place).get("environment", {}))
        path = place
        if place.startswith("runs:/"):
            path = mlflow.artifacts.download_artifacts(f"{place}/{ENVIRONMENT}/environment.json")
        return Environment.of(json.loads(Path(path).read_text(encoding="utf-8")))
    except (ValueError, OSError) as error:
        raise ValueError(f"{place}: {error}; name models:/..., runs:/..., or a file") from None


def restore(model_uri: str, folder: Path) -> list[Path]:
    """Write the lock that a model was made with into a folder, and name its files.

    Raises:
        ValueError: If the run that made it kept no lock.
    """
    run_id = registry.info(model_uri).run_id
    with TemporaryDirectory() as name:
        kept = Path(
            mlflow.artifacts.download_artifacts(f"runs:/{run_id}/{ENVIRONMENT}", dst_path=name)
        )
        if not (kept / LOCK_FILES[0]).is_file():
            raise ValueError(f"{model_uri}: the run that made it kept no {LOCK_FILES[0]}")
        folder.mkdir(parents=True, exist_ok=True)
        names = [file for file in LOCK_FILES if (kept / file).is_file()]
        return [copyfile(kept / file, folder / file) for file in names]
