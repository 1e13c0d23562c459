"""What is sent to the service and what it answers: rows, checked by the data schema, and classes.

The limits of a value come from ``schema.UNLABELLED``; nothing here knows HTTP.
"""

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandera.pandas import Column
from pydantic import ConfigDict, FailFast, Field, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, to_json
from typing_extensions import TypedDict

from . import predictions, schema

N_TOLD = 10
"""Problems of a request that an answer names, at most."""

LIMITS = {
    "greater_than_or_equal_to": ("ge", "min_value"),
    "greater_than": ("gt", "min_value"),
    "less_than_or_equal_to": ("le", "max_value"),
    "less_than": ("lt", "max_value"),
}
"""Pandera's checks, how pydantic calls the same limit, and where Pandera keeps it."""

WORDS = {"ge": "from {}", "gt": "above {}", "le": "to {}", "lt": "below {}"}

_DYNAMIC: Any = TypedDict  # Its keys are not known before the schema is.


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a request."""

    field: str
    """Where it is, such as rows[3].pixel_0_1, rows counted from 0."""

    value: str
    """What stands there, shortened; empty if nothing does."""

    limits: str
    """What may stand there."""

    reason: str

    def line(self) -> str:
        """Tell it in one line."""
        found = f"{self.field} = {self.value}" if self.value else self.field
        return f"{found}: {self.reason}" + (f" (limits: {self.limits})" if self.limits else "")


class BadPayloadError(ValueError):
    """A request that breaks the schema, with what is wrong."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(problem.line() for problem in problems))
        self.problems = problems


class Payload:
    """Requests of up to so many rows."""

    def __init__(self, max_rows: int) -> None:
        columns = schema.UNLABELLED.columns
        self._bounds = {name: _bounds(column) for name, column in columns.items()}
        # What cannot be said by limits alone is left to Pandera, which takes longer.
        self._is_exact = all(
            check.name in {"in_range", *LIMITS}
            for column in columns.values()
            for check in column.checks
        )
        rules = {name: _rule(columns[name], self._bounds[name]) for name in columns}
        row: Any = _DYNAMIC("Row", rules)
        row.__pydantic_config__ = ConfigDict(extra="forbid", strict=True)
        rows = Annotated[list[row], Field(min_length=1, max_length=max_rows), FailFast()]
        body = _DYNAMIC("Rows", {"rows": rows})
        body.__pydantic_config__ = ConfigDict(extra="forbid", strict=True)
        self._adapter: TypeAdapter[dict[str, Any]] = TypeAdapter(body)
        self._names = pd.Index(list(columns))
        self._range = f"1 to {max_rows} rows"

    def json_schema(self) -> dict[str, Any]:
        """Describe a request, for OpenAPI."""
        found = self._adapter.json_schema()
        rows = found["properties"]["rows"]
        rows["items"] = found.pop("$defs")["Row"]  # OpenAPI looks for definitions elsewhere.
        return found

    def read(self, body: bytes) -> pd.DataFrame:
        """Parse a request into a table with the schema's columns, in its order.

        Raises:
            BadPayloadError: If it is no JSON, or a row breaks the schema; all problems of the
                first such row are named, up to ``N_TOLD``.
        """
        try:
            rows = self._adapter.validate_json(body)["rows"]
        except ValidationError as error:
            found = error.errors(include_url=False)[:N_TOLD]
            raise BadPayloadError([self._explain(problem) for problem in found]) from None
        values = np.array([list(row.values()) for row in rows], dtype=np.float64)
        features = pd.DataFrame(values, columns=self._names)
        return features if self._is_exact else _check(features)

    def _explain(self, problem: ErrorDetails) -> Problem:
        field = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in problem["loc"])
        place = problem["loc"][-1] if problem["loc"] else ""
        if len(problem["loc"]) == 3 and place in self._bounds:
            limits = " ".join(WORDS[key].format(x) for key, x in self._bounds[str(place)].items())
        else:
            limits = self._range if problem["type"].startswith("too_") else ""
        is_value = problem["type"] not in {"missing", "json_invalid", "too_long", "too_short"}
        value = _shorten(problem["input"]) if is_value else ""
        return Problem(field.lstrip(".") or "body", value, limits, problem["msg"])


def answer(model: str, probabilities: NDArray[np.float64]) -> bytes:
    """Write the class of each row and the probability of each class as JSON."""
    names = predictions.COLUMNS
    classes = predictions.classes(probabilities).tolist()
    rows = zip(classes, probabilities.tolist(), strict=True)
    told = [dict(zip(names, (name, *shares), strict=True)) for name, shares in rows]
    return to_json({"model": model, "predictions": told})


def _bounds(column: Column) -> dict[str, float]:
    """Translate the checks of a column into limits, under pydantic's names."""
    found = {}
    for check in column.checks:
        facts = check.statistics
        if check.name == "in_range":
            found["ge" if facts["include_min"] else "gt"] = facts["min_value"]
            found["le" if facts["include_max"] else "lt"] = facts["max_value"]
        elif check.name in LIMITS:
            name, fact = LIMITS[check.name]
            found[name] = facts[fact]
    return found


def _rule(column: Column, bounds: dict[str, float]) -> Any:
    number = Annotated[float, Field(allow_inf_nan=False, **bounds)]
    return number | None if column.nullable else number


def _check(features: pd.DataFrame) -> pd.DataFrame:
    try:
        return schema.check(features, "rows", schema.UNLABELLED)
    except ValueError as error:
        raise BadPayloadError([Problem("rows", "", "", str(error))]) from None


def _shorten(value: object) -> str:
    if isinstance(value, dict | list):
        return f"a list of {len(value)}" if isinstance(value, list) else "an object"
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:40]}..."
