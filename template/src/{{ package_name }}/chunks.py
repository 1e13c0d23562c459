"""Rows of one file, a chunk at a time, so that memory does not grow with the file."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from . import data
from .schema import UNLABELLED
from .storage import Place

BUFFER_BYTES = 2**20
"""What is read ahead of each column, instead of all its values in a group of rows."""


def read(source: Place, n_rows: int, n_done: int = 0) -> Iterator[pd.DataFrame]:
    """Read features in chunks of ``n_rows``, the last with what is left; there is at least one.

    Args:
        source: Parquet or CSV; a target column is ignored.
        n_rows: Rows of a chunk.
        n_done: Number of chunks at the beginning that are passed over.

    Raises:
        ValueError: If the file cannot be read, or a row breaks the schema; the message names its
            number in the file.
    """
    first_row = 0
    for number, rows in enumerate(_tables(source, n_rows)):
        if number >= n_done:
            yield data.check(rows, str(source), UNLABELLED, first_row=first_row)
        first_row += len(rows)


def count(source: Place) -> int | None:
    """Return the number of rows, or None for CSV, which does not say it."""
    if source.pure.suffix != ".parquet":
        return None
    with _readable(source), source.open() as file:
        n_rows: int = pq.read_metadata(file).num_rows
        return n_rows


def _tables(source: Place, n_rows: int) -> Iterator[pd.DataFrame]:
    with _readable(source), source.open() as file:
        yield from READERS[source.pure.suffix](file, n_rows)


@contextmanager
def _readable(source: Place) -> Iterator[None]:
    """Name the file that pandas, Arrow or a store could not read."""
    try:
        with source.explained():
            yield
    except (ValueError, OSError, pa.ArrowException) as error:
        reason = str(error).removeprefix(f"{source}: ")
        raise ValueError(f"{source} cannot be read: {reason}") from None


def _read_csv(file: BinaryIO, n_rows: int) -> Iterator[pd.DataFrame]:
    for rows in pd.read_csv(file, chunksize=n_rows, low_memory=False):
        if not isinstance(rows.index, pd.RangeIndex):  # pandas would shift the values by a column.
            raise ValueError("its rows have more values than its first line has names")
        yield rows


def _read_parquet(file: BinaryIO, n_rows: int) -> Iterator[pd.DataFrame]:
    parquet = pq.ParquetFile(file, buffer_size=BUFFER_BYTES)
    waiting, is_first = [parquet.schema_arrow.empty_table()], True
    for group in range(parquet.num_row_groups):  # A reader of all groups would keep each of them.
        for batch in parquet.iter_batches(n_rows, row_groups=[group]):
            waiting.append(pa.Table.from_batches([batch]))
            if sum(map(len, waiting)) >= n_rows:
                joined = pa.concat_tables(waiting)
                yield joined.slice(0, n_rows).to_pandas()
                waiting, is_first = [joined.slice(n_rows)], False
    if is_first or any(map(len, waiting)):
        yield pa.concat_tables(waiting).to_pandas()


READERS: dict[str, Callable[[BinaryIO, int], Iterator[pd.DataFrame]]] = {
    ".csv": _read_csv,
    ".parquet": _read_parquet,
}
