"""Predict each row of a file."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv, dataset
from tqdm import tqdm

from . import columns, data, files, metrics, model, schema, tracking
from .commands import Predict
from .errors import UserError

log = logging.getLogger(__name__)

_TEXTS = dict.fromkeys([*schema.UNLABELLED.columns, schema.ID], pa.string())
FORMATS = {
    ".csv": dataset.CsvFileFormat(
        parse_options=csv.ParseOptions(
            delimiter=data.CSV["sep"],
            quote_char=data.CSV.get("quotechar", '"'),
            newlines_in_values=True,
        ),
        read_options=csv.ReadOptions(encoding=data.CSV["encoding"]),
        convert_options=csv.ConvertOptions(  # The schema finds the types.
            column_types=_TEXTS, strings_can_be_null=True, null_values=[""]
        ),
    ),
    ".jsonl": dataset.JsonFileFormat(),
    ".parquet": dataset.ParquetFileFormat(),
}


def predict(settings: Predict) -> Path:
    """Write the class of each row, and the probability of each class.

    Returns:
        Path of the Parquet file, which appears only when complete.

    Raises:
        UserError: If a row violates the schema, or there is no such model or file.
    """
    source, target = settings.input_path, settings.output_path
    if source == data.EXAMPLE and not source.exists():
        data.make(source)
    if not source.is_file() or source.suffix not in FORMATS:
        raise UserError(f"{source} is not a file that ends in {' or '.join(FORMATS)}")
    with tracking.run("predict", settings):
        version, folder = tracking.fetch(settings)
        fitted = model.load(folder)
        rows = dataset.dataset(source, format=FORMATS[source.suffix])
        with files.replacing(target) as part:
            n_rows = write(fitted, rows, str(source), part, settings.chunk_rows)
    log.info("predicted %d rows with %s", n_rows, version.uri)
    return target


def write(
    fitted: Any, rows: dataset.Dataset, place: str, part: Path, chunk_rows: int, **facts: str
) -> int:
    """Write predictions to a Parquet file, a chunk of rows at a time.

    Args:
        fitted: The model.
        rows: Rows to predict.
        place: Their source, for messages.
        part: File to write.
        chunk_rows: Number of rows in a chunk.
        facts: Metadata of the file.

    Returns:
        Number of rows.
    """
    fields = pa.Schema.from_pandas(metrics.table(np.empty((0, max(1, len(schema.CLASSES))))))
    names = {name.strip(): name for name in rows.schema.names}
    if schema.ID in names:
        fields = fields.insert(0, rows.schema.field(names[schema.ID]).with_name(schema.ID))
    known = {*schema.UNLABELLED.columns, schema.ID, schema.TARGET}
    if ignored := [name for name in names if name not in known]:
        log.info("%s: ignored columns: %s", place, ", ".join(ignored))
    wanted = [names[name] for name in names if name in known - {schema.TARGET}]
    total, n_rows = rows.count_rows() if place.endswith(".parquet") else None, 0
    try:
        with (
            pq.ParquetWriter(part, fields.with_metadata(facts)) as writer,
            tqdm(total=total, unit="row", disable=None, leave=False) as bar,
        ):
            for batch in rows.to_batches(columns=wanted, batch_size=chunk_rows):
                if not batch.num_rows:
                    continue
                table = batch.to_pandas().rename(columns=str.strip)
                checked = columns.check(table, place, schema.UNLABELLED, first_row=n_rows)
                found = metrics.table(model.predict(fitted, data.prepare(checked)))
                if schema.ID in table:
                    found.insert(0, schema.ID, table[schema.ID])
                writer.write_table(pa.Table.from_pandas(found, fields))
                n_rows += len(checked)
                bar.update(len(checked))
                if bar.disable and len(checked) == chunk_rows:
                    log.info("%s: predicted %d rows so far", place, n_rows)
    except pa.ArrowInvalid as error:
        raise UserError(f"{place} cannot be read: {error}") from None
    return n_rows
