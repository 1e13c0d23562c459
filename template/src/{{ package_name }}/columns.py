"""Types of columns, for ``schema.py``: numbers, booleans, categories, timestamps and labels.

Each takes the text of a file as well as values that have their type already, such as those of
Parquet or of a request. Missing values, also as the words of ``MISSING``, need ``nullable``.
"""

import re
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from pandera.errors import SchemaErrors
from pandera.pandas import Check, Column, DataFrameSchema, Parser

from .errors import UserError

MISSING = ("", "na", "n/a", "nan", "null", "<na>", "#n/a")
"""Words for a missing value, in any case."""

ALSO_MISSING = ("-", "--", "?", ".", "none")
"""More of them, where the other values are numbers, booleans or timestamps."""

SIGNS = re.compile(r"^[€$£¥]\s*|\s*[€$£¥%]$")
PARTS = ("year", "month", "day", "day_of_week", "hour")


def number(
    minimum: float | None = None,
    maximum: float | None = None,
    *,
    decimal: str = ".",
    thousands: str = "",
    nullable: bool = False,
) -> Column:
    """Numbers, with limits that a value may reach; currency and percent signs are dropped."""
    if minimum is not None and maximum is not None:
        limits = [Check.in_range(minimum, maximum)]
    else:
        limits = [] if minimum is None else [Check.ge(minimum)]
        limits += [] if maximum is None else [Check.le(maximum)]
    convert = partial(_numbers, decimal=decimal, thousands=thousands)
    marks = {"decimal": decimal} if (decimal, thousands) != (".", "") else {}
    return _column(float, convert, limits, nullable, marks)


def boolean(true: str = "true", false: str = "false", *, nullable: bool = False) -> Column:
    """Booleans, as the numbers 1 and 0; ``true`` and ``false`` are their words, in any case."""
    words = {"1": 1.0, "1.0": 1.0, "0": 0.0, "0.0": 0.0, true.lower(): 1.0, false.lower(): 0.0}
    convert = partial(_booleans, words=words)
    return _column(float, convert, [Check.isin([0.0, 1.0])], nullable, {"words": (true, false)})


def category(*names: str, nullable: bool = False) -> Column:
    """Text that is one of some names, or, without any, that may be new as well."""
    return _column(object, _texts, [Check.isin(names)] if names else [], nullable)


def timestamp(
    format: str = "ISO8601",  # noqa: A002  (as pandas)
    *,
    nullable: bool = False,
) -> Column:
    """Dates and times, written as ``strptime`` or ISO 8601 says; those with a zone become UTC."""
    return _column("datetime64[ns]", partial(_timestamps, format=format), [], nullable)


def label(*classes: Any, decimal: str = ".", thousands: str = "") -> Column:
    """The target: one of some classes (text, integers or booleans), or, without any, a number."""
    if not classes:
        return number(decimal=decimal, thousands=thousands)
    folded = Counter(str(one).lower() for one in classes)
    names = {str(one).lower(): one for one in classes if folded[str(one).lower()] == 1}
    names |= {f"{one}.0": one for one in classes if type(one) is int}  # As pandas writes gaps.
    convert = partial(_labels, names=names | {str(one): one for one in classes})
    return _column(object, convert, [Check.isin(classes)], nullable=False)


def split_dates(rows: pd.DataFrame) -> pd.DataFrame:
    """Replace timestamps by their parts, as numbers: ``paid at`` by ``paid at.year`` etc."""
    found: dict[str, pd.Series] = {}
    for name, column in rows.items():
        if column.dtype.kind == "M":
            for part in PARTS:
                found[f"{name}.{part}"] = getattr(column.dt, part).astype(float)
        else:
            found[str(name)] = column
    return pd.DataFrame(found, index=rows.index)


def _column(
    dtype: Any,
    convert: Callable[[pd.Series], pd.Series],
    checks: list[Check],
    nullable: bool,  # noqa: FBT001  (of this module alone)
    facts: dict[str, Any] | None = None,
) -> Column:
    parser = Parser(convert)
    return Column(dtype, checks, parsers=parser, coerce=True, nullable=nullable, metadata=facts)


def _texts(values: pd.Series, missing: tuple[str, ...] = MISSING) -> pd.Series:
    """Strip text, and take out what says that a value is missing; other values become text."""
    if values.dtype.kind in "iufbM":
        whole = values.dtype.kind == "f" and (values.dropna() % 1 == 0).all()
        values = values.astype("Int64" if whole else values.dtype)
    text = values.astype("string").str.strip()
    text = text.mask(text.str.lower().isin(missing))
    return text.astype(object).where(text.notna(), None)


def _plain(values: pd.Series) -> pd.Series | None:
    """Return text that may be converted; None for values that have a type already."""
    if values.dtype.kind in "iufbM" or not isinstance(values.dropna().head(1).squeeze(), str):
        return None
    return _texts(values, MISSING + ALSO_MISSING)


def _numbers(values: pd.Series, decimal: str, thousands: str) -> pd.Series:
    if (text := _plain(values)) is None:
        is_infinite = values.isin([np.inf, -np.inf])
        return values.astype(object).mask(is_infinite, "infinite") if is_infinite.any() else values
    plain = text.astype("string").str.replace(SIGNS, "", regex=True)
    for mark, instead in ((thousands, ""), (decimal, ".")):
        if mark and mark != instead:
            plain = plain.str.replace(mark, instead, regex=False)
    found = pd.to_numeric(plain, errors="coerce").astype(float)
    return _or_text(found.mask(found.abs() == np.inf), text)


def _booleans(values: pd.Series, words: dict[str, float]) -> pd.Series:
    if (text := _plain(values)) is None:
        return values
    return _or_text(text.str.lower().map(words).astype(float), text)


def _labels(values: pd.Series, names: dict[str, Any]) -> pd.Series:
    text = _texts(values)
    found = text.map(names).astype(object)
    return _or_text(found.where(found.notna(), text.str.lower().map(names)).astype(object), text)


def _timestamps(values: pd.Series, format: str) -> pd.Series:  # noqa: A002  (as above)
    if (text := _plain(values)) is None:
        found = values
    else:
        found = pd.to_datetime(text, format=format, errors="coerce", utc=True)
        rest = text.where(found.isna())
        others = pd.to_datetime(rest, format="ISO8601", errors="coerce", utc=True)
        found = _or_text(found.fillna(others), text)
    if isinstance(found.dtype, pd.DatetimeTZDtype):
        found = found.dt.tz_convert("UTC").dt.tz_localize(None)
    return found


def _or_text(found: pd.Series, text: pd.Series) -> pd.Series:
    """Keep the text that could not be converted: the schema names it, with its row."""
    is_wrong = found.isna() & text.notna()
    return found.astype(object).mask(is_wrong, text) if is_wrong.any() else found


def is_missing(values: pd.Series) -> pd.Series:
    """Tell which values are missing, also as a word."""
    return _texts(values).isna()


class ViolationError(UserError):
    """A value that a schema does not allow."""

    def __init__(self, place: str, column: str, row: int | None, value: str, rule: str) -> None:
        self.column, self.row, self.value, self.rule = column, row, value, rule
        where = "" if row is None else f", row {row}"
        super().__init__(f"{place}: column {column!r}{where}: {value} violates {rule}")


def check(
    rows: pd.DataFrame, place: str, columns: DataFrameSchema, *, first_row: int = 0
) -> pd.DataFrame:
    """Return the rows with the types and the order of a schema; other columns are left out.

    Args:
        rows: A table, or a part of one.
        place: Where they come from, for messages.
        columns: What they must look like.
        first_row: Number of the first of them in the whole table.

    Raises:
        UserError: If a column is missing.
        ViolationError: If a value has the wrong type or range; rows count from 0.
    """
    rows = rows.rename(columns=str.strip)
    if missing := [name for name in columns.columns if name not in rows]:
        more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
        raise UserError(f"{place}: missing columns: {', '.join(missing[:3])}{more}")
    try:
        return columns.validate(rows[list(columns.columns)].reset_index(drop=True), lazy=True)
    except SchemaErrors as error:
        first = error.failure_cases.iloc[0]
        found = first["failure_case"]
        found = found.item() if isinstance(found, np.generic) else found
        value = "a missing value" if pd.isna(found) else repr(found)
        row = None if first["index"] is None else first_row + int(first["index"])
        raise ViolationError(place, first["column"], row, value, first["check"]) from None
