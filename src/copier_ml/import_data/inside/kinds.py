"""Find the type of a column from its values: number, boolean, timestamp, category or text."""

import re
from dataclasses import dataclass, field
from typing import Any, Literal

import pandas as pd

Kind = Literal["number", "boolean", "timestamp", "category", "text"]

MISSING = {"", "na", "n/a", "nan", "null", "<na>", "#n/a"}
"""What says in any column that there is no value."""

ALSO_MISSING = {"-", "--", "?", ".", "none"}
"""What says so where the other values are no words."""

NUMBER = r"[+-]?(?:\d+{0}?\d*|{0}\d+)(?:[eE][+-]?\d+)?"
MARKS = ((".", ""), (",", ""), (".", ","), (",", "."), (".", " "), (",", " "))
"""Decimal and thousands marks, in the order in which they are tried."""

INFINITE = r"(?i:[+-]?inf(?:inity)?)"
GROUPED = r"[+-]?\d{{1,3}}(?:{1}\d{{3}})+(?:{0}\d+)?"
SIGNS = re.compile(r"^[€$£¥]\s*|\s*[€$£¥%]$")
"""Currency and percent around a number."""

BOOLEANS = (
    ("true", "false"),
    ("yes", "no"),
    ("y", "n"),
    ("t", "f"),
    ("on", "off"),
    ("ja", "nein"),
    ("oui", "non"),
    ("si", "no"),
    ("sí", "no"),
)
FORMATS = (
    *("%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%d-%b-%Y"),
    *("%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%d.%m.%y", "%m/%d/%y", "%d/%m/%y"),
)
TIMES = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", "T%H:%M", "T%H:%M:%S", "T%H:%M:%S.%f")
ZONES = ("", "%z", " %z")

FEW = 20
"""Text with so few values is categories, even in a small table."""

MOST_CATEGORIES = 1000
"""Text with more values is free text."""

MOST_NAMED = 50
"""A column with more categories may have new ones: they are not listed."""


@dataclass(frozen=True)
class Column:
    """What a column holds."""

    name: str
    kind: Kind
    options: dict[str, Any] = field(default_factory=dict)
    """What converts its text: decimal and thousands, true and false, format, or categories."""

    n_missing: int = 0
    n_unique: int = 0
    is_whole: bool = False
    """Whether all numbers are integers."""

    shown: str = ""
    """Range or values, for a table."""

    first_odd: tuple[int, str] | None = None
    """Row (from 0) and value of the first that keeps nearly all others from being numbers."""


def is_missing(values: pd.Series, kind: Kind) -> pd.Series:
    """Return which values of a column are missing, including words such as 'NA'."""
    words = MISSING | (set() if kind in ("category", "text") else ALSO_MISSING)
    return values.isna() | values.astype("string").str.strip().str.lower().isin(words)


def examine(values: pd.Series, decimal: str = "", *, is_kept: bool = False) -> Column:
    """Find the kind of a column.

    Args:
        values: Text, or values with a type.
        decimal: Decimal mark; empty if it is to be found.
        is_kept: Whether free text is a category all the same.

    Raises:
        ValueError: A value is infinite.
    """
    name = str(values.name)
    if (
        values.dtype == object and values.dropna().map(lambda one: isinstance(one, bool)).all()
    ):  # JSON with nulls.
        values = values.astype("boolean")
    is_text = pd.api.types.is_string_dtype(values) or values.dtype == object
    if isinstance(values.dtype, pd.CategoricalDtype) or not is_text:
        return _examine_typed(name, values)
    text = values.astype("string").str.strip()
    words = text.str.lower()
    is_none = text.isna() | words.isin(MISSING)
    also = is_none | words.isin(ALSO_MISSING)
    facts: dict[str, Any] = {"n_missing": int(also.sum()), "n_unique": int(text[~also].nunique())}
    known = text[~also]
    if known.empty:
        return Column(name, "text", n_missing=len(text))
    if found := _as_boolean(known):
        return Column(name, "boolean", found, **facts, shown=" / ".join(found.values()))
    if infinite := known[known.str.fullmatch(INFINITE)].head(1).to_dict():
        ((row, value),) = infinite.items()
        if known.str.fullmatch(f"{NUMBER.format('[.,]')}|{INFINITE}").all():
            raise ValueError(f"column {name!r} has the infinite value {value!r} in row {row}")
    marks = _as_number(known, decimal)
    if marks is not None:
        numbers = to_numbers(known, **marks)
        whole = bool((numbers % 1 == 0).all())
        shown = f"{numbers.min():g} to {numbers.max():g}"
        return Column(name, "number", marks, **facts, is_whole=whole, shown=shown)
    if found := _as_timestamp(known):
        timestamps = pd.to_datetime(known, format=found["format"], utc="%z" in found["format"])
        return Column(name, "timestamp", found, **facts, shown=_range(timestamps))
    known = text[~is_none]
    facts = {"n_missing": int(is_none.sum()), "n_unique": int(known.nunique())}
    odd = _first_odd(known)
    categories = known.value_counts().index.tolist()
    shown = ", ".join(categories[:4]) + (", ..." if len(categories) > 4 else "")
    kind: Kind = "category" if is_kept or _repeats(known) else "text"
    is_named = kind == "category" and len(categories) <= MOST_NAMED and not odd
    options = {"categories": sorted(categories)} if is_named else {}
    return Column(name, kind, options, **facts, shown=shown, first_odd=odd)


def to_numbers(text: pd.Series, decimal: str = ".", thousands: str = "") -> pd.Series:
    """Convert text that ``_as_number`` accepts."""
    plain = text.str.replace(SIGNS, "", regex=True)
    if thousands:
        plain = plain.str.replace(thousands, "", regex=False)
    if decimal != ".":
        plain = plain.str.replace(decimal, ".", regex=False)
    return pd.to_numeric(plain).astype(float)


def _examine_typed(name: str, values: pd.Series) -> Column:
    facts: dict[str, Any] = {
        "n_missing": int(values.isna().sum()),
        "n_unique": int(values.nunique()),
    }
    known = values.dropna()
    if known.empty:
        return Column(name, "text", n_missing=len(values))
    if pd.api.types.is_bool_dtype(values):
        return Column(name, "boolean", **facts, shown="True / False")
    if pd.api.types.is_numeric_dtype(values):
        if (is_infinite := known.abs() == float("inf")).any():
            raise ValueError(f"column {name!r} has an infinite value in row {is_infinite.idxmax()}")
        whole = bool((known % 1 == 0).all())
        shown = f"{known.min():g} to {known.max():g}"
        return Column(name, "number", **facts, is_whole=whole, shown=shown)
    if pd.api.types.is_datetime64_any_dtype(values):
        return Column(name, "timestamp", **facts, shown=_range(known))
    if isinstance(values.dtype, pd.CategoricalDtype):
        names = [str(one) for one in values.cat.categories]
        shown = ", ".join(names[:4]) + (", ..." if len(names) > 4 else "")
        options = {"categories": names} if len(names) <= MOST_NAMED else {}
        return Column(name, "category", options, **facts, shown=shown)
    return Column(name, "text", **facts)


def _range(timestamps: pd.Series) -> str:
    first, last = str(timestamps.min()), str(timestamps.max())
    return f"{first} to {last}".replace(" 00:00:00", "")


def _as_boolean(known: pd.Series) -> dict[str, str]:
    found = set(known.str.lower().unique())
    for true, false in BOOLEANS:
        if found <= {true, false} and len(found) == 2:
            spelled = {word.lower(): word for word in known.unique()}
            return {"true": spelled[true], "false": spelled[false]}
    return {}


def _as_number(known: pd.Series, given: str) -> dict[str, str] | None:
    """Find the marks with which all values are numbers, those that are not usual; else None."""
    plain = known.str.replace(SIGNS, "", regex=True)
    for decimal, thousands in MARKS:
        if given and decimal != given:
            continue
        marks = re.escape(decimal), re.escape(thousands)
        pattern = NUMBER.format(marks[0])
        if thousands:
            pattern = f"{pattern}|{GROUPED.format(*marks)}"
        if plain.str.fullmatch(pattern).all():
            is_ambiguous = plain.str.fullmatch(r"[+-]?[1-9]\d{0,2},\d{3}|\d+").all()
            if (decimal, thousands) == (",", "") and is_ambiguous and not given:
                return {"thousands": ","}  # 1,234 is more than a thousand in most files.
            found = {"decimal": decimal} if decimal != "." else {}
            return found | ({"thousands": thousands} if thousands else {})
    return None


def _as_timestamp(known: pd.Series) -> dict[str, str]:
    distinct = pd.Series(known.unique())
    if not distinct.str.contains(r"\d").all() or distinct.str.len().max() > 40:
        return {}
    for day in FORMATS:
        for time in TIMES:
            for zone in ZONES if time else ("",):
                spelled = day + time + zone
                try:
                    pd.to_datetime(distinct, format=spelled, utc=bool(zone))
                except (ValueError, OverflowError):
                    continue
                return {"format": spelled}
    return {}


def _repeats(known: pd.Series) -> bool:
    """Distinguish categories from free text and names by repeated values."""
    n_unique = known.nunique()
    return n_unique <= max(FEW, min(MOST_CATEGORIES, len(known) // 5)) and n_unique < len(known)


def _first_odd(known: pd.Series) -> tuple[int, str] | None:
    """Find the first word in a column of numbers with too many values for categories."""
    is_number = known.str.fullmatch(NUMBER.format(r"[.,]"))
    if is_number.mean() < 0.9 or is_number.all() or known.nunique() <= FEW:
        return None
    row = int((~is_number).to_numpy().argmax())
    return int(known.index[row]), str(known.iloc[row])
