"""Finished chunks of an unfinished output: kept beside it, so that a run that was stopped goes on.

Beside ``new.parquet``, the hidden folder ``.new.parquet.parts`` holds a manifest, which names the
origin of the predictions, and a file a chunk. When the last one is there, they are joined.
"""

import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from .settings import PROJECT
from .storage import Place

log = logging.getLogger(__name__)

Origin = dict[str, Any]
"""What predictions follow from: input, model, environment, and the rows of a chunk."""

MANIFEST = "manifest.json"


@dataclass
class Parts:
    """The chunks of one output that are finished."""

    target: Place
    origin: Origin
    folder: Place
    scratch: Path
    n_done: int

    def add(self, rows: pd.DataFrame) -> None:
        """Keep the predictions of the next chunk, whole or not at all."""
        table = pa.Table.from_pandas(rows, preserve_index=False)
        table = table.replace_schema_metadata({PROJECT: json.dumps(_made_of(self.origin))})
        with _whole(self.folder.inside(_name(self.n_done)), self.scratch) as unfinished:
            pq.write_table(table, unfinished)
        self.n_done += 1

    def join(self) -> None:
        """Make the output of all chunks appear at once, and remove them.

        Raises:
            ValueError: If another run has written here in the meantime.
        """
        with _whole(self.target, self.scratch) as unfinished:
            schema = self._read(0).schema
            with pq.ParquetWriter(unfinished, schema) as writer:
                for number in range(self.n_done):
                    writer.write_table(self._read(number))
        self.folder.remove_folder()

    def _read(self, number: int) -> pa.Table:
        with self.folder.inside(_name(number)).open() as file:
            table = pq.ParquetFile(file).read()
        if _stamped(table.schema) != _made_of(self.origin):
            raise ValueError(f"{self.target}: another run writes there too; run this one again")
        return table


@contextmanager
def opened(target: Place, origin: Origin) -> Iterator[Parts]:
    """Go on with the finished chunks of the same origin, or start anew and say so."""
    folder = target.beside(f".{target.pure.name}.parts")
    manifest = folder.inside(MANIFEST)
    found = _read_manifest(manifest)
    n_done = 0
    if found == origin:
        names = set(folder.names())
        n_done = next(number for number in count() if _name(number) not in names)
        log.info("%s: going on after %d finished chunk(s)", target, n_done)
    elif found is not None:
        other = ", ".join(name for name in origin if found.get(name) != origin[name])
        log.info("%s: starting anew: what was begun there had another %s", target, other)
        folder.remove_folder()
    with folder.scratch() as scratch:
        if found != origin:
            with _whole(manifest, scratch) as unfinished:
                unfinished.write_text(json.dumps(origin, indent=2), encoding="utf-8")
        yield Parts(target, origin, folder, scratch, n_done)


def is_finished(target: Place, origin: Origin) -> bool:
    """Say whether an output is there and has this origin, whatever its chunks were."""
    if not target.is_file():
        return False
    try:
        with target.open() as file:
            return _stamped(pq.read_schema(file)) == _made_of(origin)
    except pa.ArrowInvalid:  # It is no Parquet file.
        return False


def _made_of(origin: Origin) -> Origin:
    """Leave out what predictions do not depend on."""
    return {name: value for name, value in origin.items() if name != "chunk_rows"}


def _stamped(schema: pa.Schema) -> Origin | None:
    """Read from a Parquet file what it was made of."""
    text = (schema.metadata or {}).get(PROJECT.encode())
    return dict(json.loads(text)) if text else None


def _read_manifest(manifest: Place) -> Origin | None:
    if not manifest.is_file():
        return None
    with manifest.open() as file:
        return dict(json.load(file))


def _name(number: int) -> str:
    return f"{number:06}.parquet"


@contextmanager
def _whole(target: Place, scratch: Path) -> Iterator[Path]:
    """Lend a path to write to; what was written appears at the target when all of it is there.

    Raises:
        OSError: If it cannot be written, such as for want of space.
    """
    unfinished = scratch / f"unfinished.{os.getpid()}"
    try:
        yield unfinished
        target.publish(unfinished)
    except OSError as error:
        reason = str(error).splitlines()[0]
        raise OSError(
            f"{target} cannot be written: {reason}; what is finished stays, and the same command "
            "goes on from there"
        ) from error
    finally:
        unfinished.unlink(missing_ok=True)
