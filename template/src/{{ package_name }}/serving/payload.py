"""Requests to predict: their form, which follows from ``schema.UNLABELLED``, and how one is read.

A body is hostile until it is checked. A regular expression cuts it into rows and refuses one that
has too many columns or a value that is not a scalar, before anything is built from it. Rows are
parsed one at a time, so that other threads run in between; the first bad ones end the work.
"""

import re
from datetime import datetime
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from pandera.pandas import Column
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, from_json
from typing_extensions import TypedDict

from .. import schema
from ..errors import UserError

COLUMNS = schema.UNLABELLED.columns
N_PROBLEMS = 10
"""Maximum problems of a request that an answer names."""

N_UNKNOWN = 10
"""Unknown columns of a row that are still named; a row with more is refused unread."""

MAX_ROW_BYTES = 2**20
"""Maximum size of a row, which bounds how long other threads wait for one."""

LENGTH = 40
"""Characters of a value that an answer repeats."""

KINDS = {"float": float, "uint": int, "int": int, "bool": bool, "date": datetime}
"""Type of a value in a request, by the start of the name of its column's type; others are text."""

LIMITS = {
    "greater_than_or_equal_to": ("ge", "min_value"),
    "greater_than": ("gt", "min_value"),
    "less_than_or_equal_to": ("le", "max_value"),
    "less_than": ("lt", "max_value"),
}
"""Pandera's checks, pydantic's name of the same limit, and where Pandera keeps it."""

# Each repetition is possessive: nothing is tried twice, so time grows with the length alone.
_SPACE = rb"[ \t\r\n]*+"
_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_PAIR = rb"%b%b%b:%b(?:[-+.\w]{1,1024}+|%b)%b" % (_SPACE, _STRING, _SPACE, _SPACE, _STRING, _SPACE)
_N_MORE = len(COLUMNS) + N_UNKNOWN - 1
_HEAD = re.compile(rb'\s*+\{\s*+"rows"\s*+:\s*+\[')
_ROW = re.compile(
    rb"\s*+(\{(?:%b(?:,%b){0,%d}+)?+\s*+\})\s*+(,|\]\s*+\}\s*+\Z)" % (_PAIR, _PAIR, _N_MORE),
    re.DOTALL,
)
_PAIRS = re.compile(rb"\s*+\{(?:%b,){0,%d}+" % (_PAIR, _N_MORE), re.DOTALL)
_KEY = re.compile(rb"\s*+(%b)\s*+:\s*+" % _STRING, re.DOTALL)


Problem = dict[str, str]
"""The keys field (such as rows[3].name, from 0), value (shortened), limits and reason."""


class RefusedError(Exception):
    """A request that violates the schema."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems[:N_PROBLEMS]
        super().__init__("; ".join(map(_line, self.problems)))


class Payload:
    """Requests of up to ``max_rows`` rows."""

    def __init__(self, max_rows: int) -> None:
        self._max_rows = max_rows
        rules = {name: _rule(column) for name, column in COLUMNS.items()}
        make: Any = TypedDict  # Its keys come from the schema.
        row = make("Row", rules)
        row.__pydantic_config__ = ConfigDict(extra="forbid", strict=True)
        self._row: TypeAdapter[dict[str, Any]] = TypeAdapter(row)
        self._described = self._row.json_schema()
        self._names = pd.Index(list(COLUMNS))
        self._form = f"a flat object of the {len(COLUMNS)} columns of the schema"
        # What more there is to check is left to Pandera, which takes longer.
        self._is_exact = not schema.UNLABELLED.checks and all(
            column.dtype.type == np.float64
            and {check.name for check in column.checks} <= {"in_range", *LIMITS}
            for column in COLUMNS.values()
        )

    def example(self) -> dict[str, Any]:
        """Return a row that the limits allow."""
        return {name: _value(rule) for name, rule in self._described["properties"].items()}

    def openapi(self) -> dict[str, Any]:
        """Describe a request, with an example."""
        rows = {
            "type": "array",
            "minItems": 1,
            "maxItems": self._max_rows,
            "items": self._described,
        }
        body = {"type": "object", "properties": {"rows": rows}, "required": ["rows"]}
        content = {"schema": body, "example": {"rows": [self.example()]}}
        return {"requestBody": {"required": True, "content": {"application/json": content}}}

    def read(self, body: bytes) -> pd.DataFrame:
        """Parse a request into a table as the schema wants it.

        Raises:
            RefusedError: If it is not JSON, or a row violates the schema.
        """
        head = _HEAD.match(body)
        if head is None:
            raise RefusedError([_problem("body", body, '{"rows": [{...}]}', "Not rows")])
        values, problems = list[list[Any]](), list[Problem]()
        position, end = head.end(), b","
        while end == b"," and len(problems) < N_PROBLEMS:
            place = f"rows[{len(values)}]"
            if len(values) == self._max_rows:
                raise RefusedError(
                    [_problem("rows", "", f"1 to {self._max_rows} rows", "Too many")]
                )
            found = _ROW.match(body, position, position + MAX_ROW_BYTES)
            if found is None or (found[2] != b"," and found.end() < len(body)):
                problems.append(self._unreadable(body, position, place))
                break
            position, end = found.end(), found[2]
            row: dict[str, Any] = {}
            try:
                row = self._row.validate_python(from_json(found[1]))
            except ValidationError as error:
                told = error.errors(include_url=False)[:N_PROBLEMS]
                problems += [self._explain(one, place) for one in told]
            except ValueError as error:
                problems.append(_problem(place, found[1], "JSON", str(error)))
            values.append([*row.values()])
        if problems:
            raise RefusedError(problems)
        return self._table(values)

    def _table(self, values: list[list[Any]]) -> pd.DataFrame:
        if self._is_exact:
            return pd.DataFrame(np.array(values, np.float64), columns=self._names)
        rows = pd.DataFrame(values, columns=self._names)
        try:
            return schema.check(rows, "rows", schema.UNLABELLED)
        except UserError as error:
            raise RefusedError([_problem("rows", "", "the schema", str(error))]) from None

    def _unreadable(self, body: bytes, position: int, place: str) -> Problem:
        """Find where a row stops to be a flat object."""
        reason, limit = "Input should be a row", position + MAX_ROW_BYTES
        if pairs := _PAIRS.match(body, position, limit):
            position = pairs.end()
        if key := _KEY.match(body, position, limit):
            place, position = f"{place}.{_short(key[1][1:-1])}", key.end()
            reason = "Input should be a number, a string, true, false or null"
        return _problem(place, body[position : position + LENGTH + 1], self._form, reason)

    def _explain(self, error: ErrorDetails, place: str) -> Problem:
        name = str(error["loc"][0])
        value = "" if error["type"] == "missing" else repr(error["input"])
        rule = self._described["properties"].get(name, {})
        limits = ", ".join(f"{key} {rule[key]}" for key in rule if key not in {"title", "type"})
        return _problem(f"{place}.{_short(name)}", value, limits[:200], error["msg"][:200])


def _rule(column: Column) -> Any:
    """Translate a column into the type of its values."""
    dtype = str(column.dtype).lower()
    kind: Any = next((kind for start, kind in KINDS.items() if dtype.startswith(start)), str)
    rule: dict[str, Any] = {"strict": kind is not datetime}  # JSON has no dates but strings.
    if kind is float:
        rule["allow_inf_nan"] = False
    for check in column.checks:
        facts = check.statistics or {}
        if check.name == "in_range":
            rule["ge" if facts["include_min"] else "gt"] = facts["min_value"]
            rule["le" if facts["include_max"] else "lt"] = facts["max_value"]
        elif check.name in LIMITS:
            name, fact = LIMITS[check.name]
            rule[name] = facts[fact]
        elif check.name == "isin" and kind is str:
            kind = Literal[*facts["allowed_values"]]
            rule.clear()
    found: Any = Annotated[kind, Field(**rule)]
    return found | None if column.nullable else found


def _value(rule: dict[str, Any]) -> Any:
    """Choose a value that a column's JSON schema allows."""
    rule = rule.get("anyOf", [rule])[0]
    choices = [rule[key] for key in ("const", "minimum", "maximum") if key in rule]
    if choices := rule.get("enum", choices):
        return choices[0]
    least, most = rule.get("exclusiveMinimum"), rule.get("exclusiveMaximum")
    if least is not None:
        return least + 1 if most is None or least + 1 < most else (least + most) / 2
    others = {"boolean": False, "string": "2000-01-01T00:00:00"}
    return others.get(rule["type"], 0 if most is None else most - 1)


def _problem(field: str, value: bytes | str, limits: str, reason: str) -> Problem:
    return {"field": field, "value": _short(value), "limits": limits, "reason": reason}


def _line(problem: Problem) -> str:
    field, value, limits, reason = problem.values()
    return f"{field} = {value}: {reason} ({limits})" if value else f"{field}: {reason} ({limits})"


def _short(value: bytes | str) -> str:
    text = value[: LENGTH + 1]
    text = text.decode(errors="replace") if isinstance(text, bytes) else text
    return text if len(text) <= LENGTH else f"{text[:LENGTH]}..."
