"""Write a registered model into a folder, from which it serves without the tracking store."""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import mlflow

from . import registry, tracking
from .settings import Settings


def export(settings: Settings, folder: Path) -> str:
    """Write the model of the settings into a folder, in place of the model that is there.

    Returns:
        The version that was written, such as models:/name/3.

    Raises:
        ValueError: If there is no such model, or the folder holds something else.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / "MLmodel").is_file():
        raise ValueError(f"{folder} holds something else than a model; name another folder")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tracking.connection(settings), TemporaryDirectory(dir=folder.parent) as part:
        uri = registry.find(settings.model).uri
        mlflow.artifacts.download_artifacts(uri, dst_path=str(Path(part, "model")))
        shutil.rmtree(folder, ignore_errors=True)
        Path(part, "model").replace(folder)
    return uri
