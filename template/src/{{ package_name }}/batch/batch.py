"""Predict each file of a folder, local or in an object store.

A file of predictions appears only when complete. Files with up-to-date predictions are skipped, so
an interrupted run continues where it stopped.
"""

import json
import logging
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

import mlflow
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import dataset, fs
from tqdm import tqdm

from .. import environment, model, tracking
from ..errors import UserError
from ..predict import FORMATS, write
from ..settings import PROJECT, masked
from .commands import Batch

log = logging.getLogger(__name__)


def predict_folder(settings: Batch) -> str:
    """Write the predictions of each file of a folder.

    Returns:
        Address of the output folder.

    Raises:
        UserError: If a row violates the schema, there is no such model or folder, or a store
            cannot be reached.
    """
    with tracking.run("batch", settings):
        version, downloaded = tracking.fetch(settings)
        fitted = model.load(downloaded)
        made_by = [version.uri, environment.fingerprint(environment.read())]
        try:
            (files, folder), (store, target) = map(
                _open, (settings.input_folder, settings.output_folder)
            )
            inputs = _list(files, folder)
            mlflow.log_dict({one.path: _stamp(one) for one in inputs}, "inputs.json")
            for info in tqdm(inputs, unit="file", disable=None):
                name = PurePosixPath(info.path).relative_to(folder).with_suffix(".parquet")
                output = f"{target}/{name}"
                facts = json.dumps([*made_by, info.path, _stamp(info)])
                if not settings.overwrite and _facts(store, output) == facts:
                    log.info("%s is up to date", output)
                    continue
                rows = dataset.dataset(
                    info.path, format=FORMATS[PurePosixPath(info.path).suffix], filesystem=files
                )
                with TemporaryDirectory() as scratch:
                    part = Path(scratch, "part")
                    n_rows = write(
                        fitted, rows, info.path, part, settings.chunk_rows, **{PROJECT: facts}
                    )
                    _publish(part, store, output)
                log.info("%s: %d rows", output, n_rows)
        except (OSError, pa.ArrowInvalid) as error:  # What Arrow raises for stores and paths.
            reason = masked(" ".join(str(error).split()))[:300]
            raise UserError(f"{masked(settings.input_folder)}: {reason}") from error
    return settings.output_folder


def _open(address: str) -> tuple[fs.FileSystem, str]:
    """Return the file system of an address: a local path, or one such as s3://."""
    uri = address if "://" in address else str(Path(address).absolute())
    found: tuple[fs.FileSystem, str] = fs.FileSystem.from_uri(uri)
    return found


def _list(files: fs.FileSystem, folder: str) -> list[fs.FileInfo]:
    """List the visible files of a folder that can be read."""
    found = files.get_file_info(fs.FileSelector(folder, recursive=True))
    inputs = [
        info
        for info in sorted(found, key=lambda info: info.path)
        if info.is_file
        and PurePosixPath(info.path).suffix in FORMATS
        and not any(
            name.startswith(".") for name in PurePosixPath(info.path).relative_to(folder).parts
        )
    ]
    if not inputs:
        raise UserError(f"{folder} has no file that ends in {' or '.join(FORMATS)}")
    return inputs


def _stamp(info: fs.FileInfo) -> str:
    return f"{info.size} bytes, {info.mtime_ns}"


def _facts(store: fs.FileSystem, path: str) -> str:
    """Read the inputs of predictions from their file; empty if there is no such file."""
    if not store.get_file_info(path).is_file:
        return ""
    with store.open_input_file(path) as file:
        known = pq.read_schema(file).metadata or {}
    return str(known.get(PROJECT.encode(), b""), "utf-8")


def _publish(part: Path, store: fs.FileSystem, path: str) -> None:
    """Move a complete file to its destination atomically."""
    if not isinstance(store, fs.LocalFileSystem):  # Uploads are atomic, and need no folders.
        fs.copy_files(str(part), path, destination_filesystem=store)
        return
    store.create_dir(str(PurePosixPath(path).parent))
    fs.copy_files(str(part), f"{path}.part", destination_filesystem=store)
    store.move(f"{path}.part", path)
