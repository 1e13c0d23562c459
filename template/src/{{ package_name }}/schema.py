"""What a row looks like. Change this file, ``data.py`` and ``config/`` to bring your own data."""

import numpy as np
import pandas as pd
from pandera.errors import SchemaErrors
from pandera.pandas import Check, Column, DataFrameSchema

from .errors import UserError

SIDE = 8
"""Height and width of a scan, in pixels."""

TARGET = "target"
CLASSES = tuple(range(10))
FEATURES = tuple(f"pixel_{row}_{column}" for row in range(SIDE) for column in range(SIDE))
"""Ink of each pixel, row by row from the top left: 0 is white, 16 is black."""

_PIXEL = Column(float, Check.in_range(0, 16), coerce=True)
_DIGIT = Column(float, Check.isin(CLASSES), coerce=True)  # float: an int would truncate 1.5

UNLABELLED = DataFrameSchema(dict.fromkeys(FEATURES, _PIXEL), strict=True)
LABELLED = UNLABELLED.add_columns({TARGET: _DIGIT})


def check(
    rows: pd.DataFrame, place: str, columns: DataFrameSchema = LABELLED, *, first_row: int = 0
) -> pd.DataFrame:
    """Return the rows with the schema's types and column order.

    Args:
        rows: A table, or a part of one.
        place: Where they come from, for messages.
        columns: What they must look like; without a target, a target in the rows is ignored.
        first_row: Number of the first of them in the whole table.

    Raises:
        UserError: If a column is missing or unknown, or a value has the wrong type or range; the
            message names the place, the column, the row (from 0) and the value.
    """
    if TARGET not in columns.columns:
        rows = rows.drop(columns=TARGET, errors="ignore")
    missing = [name for name in columns.columns if name not in rows]
    unknown = [str(name) for name in rows if name not in columns.columns]
    if missing or unknown:
        raise UserError(f"{place}: missing columns: {_some(missing)}; unknown: {_some(unknown)}")
    try:
        checked = columns.validate(rows[list(columns.columns)].reset_index(drop=True), lazy=True)
    except SchemaErrors as error:
        first = error.failure_cases.iloc[0]
        found = first["failure_case"]
        found = found.item() if isinstance(found, np.generic) else found
        value = "a missing value" if pd.isna(found) else repr(found)
        row = "" if first["index"] is None else f", row {first_row + first['index']}"
        raise UserError(
            f"{place}: column {first['column']!r}{row}: {value} violates {first['check']}"
        ) from None
    return checked.astype({TARGET: "int64"}) if TARGET in checked else checked


def _some(names: list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return (", ".join(names[:3]) or "none") + more
