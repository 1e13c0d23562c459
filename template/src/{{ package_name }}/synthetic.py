"""Made-up rows that keep the schema's rules, and know nothing of what rows really look like."""

from __future__ import annotations  # A class names itself.

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_bool_dtype, is_float_dtype, is_integer_dtype
from pandera.pandas import Check, Column, DataFrameSchema

from .schema import LABELLED, check

SPAN = 100.0
"""Width of the range from which a column is drawn whose checks leave an end open."""


@dataclass(frozen=True)
class Rule:
    """What the checks of a column leave: a range, both ends in it, and perhaps a list of values."""

    least: float = -math.inf
    greatest: float = math.inf
    allowed: list[Any] | None = None

    def narrowed(self, other: Rule) -> Rule:
        """Leave what both rules leave."""
        lists = [rule.allowed for rule in (self, other) if rule.allowed is not None]
        allowed = [v for v in lists[0] if all(v in one for one in lists)] if lists else None
        least = max(self.least, other.least)
        return Rule(least, min(self.greatest, other.greatest), allowed)

    def ends(self) -> tuple[float, float]:
        """Return both ends; an open one lies ``SPAN`` from the other, and two lie around 0."""
        if math.isinf(self.least) and math.isinf(self.greatest):
            return -SPAN / 2, SPAN / 2
        if math.isinf(self.least):
            return self.greatest - SPAN, self.greatest
        return self.least, self.least + SPAN if math.isinf(self.greatest) else self.greatest

    def values(self) -> list[Any]:
        """Name the allowed values, those of the range alone if they are numbers."""
        known = self.allowed or []
        return [v for v in known if isinstance(v, str) or self.least <= v <= self.greatest]


def rows(n_rows: int, seed: int, schema: DataFrameSchema = LABELLED) -> pd.DataFrame:
    """Draw rows in which each value is as likely as any other that its column allows.

    The same seed gives the same rows. No value is missing.

    Raises:
        ValueError: If a column has a check or a type that is unknown here.
    """
    random = np.random.default_rng(seed)
    drawn = {name: _draw(column, n_rows, random) for name, column in schema.columns.items()}
    types = {name: _type(column) for name, column in schema.columns.items()}
    return check(pd.DataFrame(drawn).astype(types), "synthetic rows", schema)


def _draw(column: Column, n_rows: int, random: np.random.Generator) -> NDArray[Any]:
    rule = Rule()
    for one in column.checks:
        rule = rule.narrowed(_read(one, column))
    if rule.allowed is not None:
        return random.choice(_some(np.asarray(rule.values()), column), n_rows)
    type_, (least, greatest) = _type(column), rule.ends()
    if is_float_dtype(type_):
        _some([least] if least <= greatest else [], column)
        return random.uniform(least, greatest, n_rows).clip(least, greatest)
    if is_integer_dtype(type_):
        numbers = _some(range(math.ceil(least), math.floor(greatest) + 1), column)
        return random.integers(numbers[0], numbers[-1], n_rows, endpoint=True)
    if is_bool_dtype(type_):
        return random.choice([False, True], n_rows)
    raise _refusal(column, f"the type {column.dtype} without a check isin")


def _type(column: Column) -> Any:
    return getattr(column.dtype, "type", object)  # A column without a type holds anything.


def _read(one: Check, column: Column) -> Rule:
    known = one.statistics or {}
    match one.name:
        case "isin":
            return Rule(allowed=list(known["allowed_values"]))
        case "in_range":
            least, greatest = known["min_value"], known["max_value"]
            least = least if known["include_min"] else _above(least)
            return Rule(least, greatest if known["include_max"] else _below(greatest))
        case "greater_than_or_equal_to":
            return Rule(least=known["min_value"])
        case "greater_than":
            return Rule(least=_above(known["min_value"]))
        case "less_than_or_equal_to":
            return Rule(greatest=known["max_value"])
        case "less_than":
            return Rule(greatest=_below(known["max_value"]))
    raise _refusal(column, f"the check {one.error or one.name}")


def _above(value: float) -> float:
    return math.nextafter(value, math.inf)


def _below(value: float) -> float:
    return math.nextafter(value, -math.inf)


def _some(values: Any, column: Column) -> Any:
    if len(values) == 0:
        raise _refusal(column, "checks that no value passes")
    return values


def _refusal(column: Column, reason: str) -> ValueError:
    return ValueError(f"column {column.name!r}: synthetic.py makes up no values for {reason}")
