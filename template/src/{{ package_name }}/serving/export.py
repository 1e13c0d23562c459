"""Export a registered model to a folder, for serving without the tracking store."""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import mlflow

from .. import tracking
from ..errors import UserError
from .commands import Export


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
