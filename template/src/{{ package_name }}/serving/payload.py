"""Requests and answers of ``/predict``: their types, from the schema, and the parser.

Bodies are untrusted: their values are counted before they are parsed, and rows are validated in
batches, between which other threads can run.
"""

from collections.abc import Iterator
from typing import Annotated, Any, Literal, NamedTuple, NotRequired

import numpy as np
import pandas as pd
from pandera.pandas import Column
from pydantic import BeforeValidator, ConfigDict, FailFast, Field, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, from_json
from typing_extensions import TypedDict

from .. import columns, schema

COLUMNS = schema.UNLABELLED.columns
N_PROBLEMS = 10
"""Maximum number of problems that an answer lists."""

N_UNKNOWN = 100
"""Maximum number of unknown columns of a row."""

N_AT_ONCE = 256
"""Rows per batch of the validation."""

LENGTH = 40
"""Maximum number of characters of a value in an answer."""

KINDS = {"float": float, "uint": int, "int": int, "bool": bool}
"""Types of values by prefix of the column's dtype; all others are text."""

LIMITS = {
    "greater_than_or_equal_to": ("ge", "min_value"),
    "greater_than": ("gt", "min_value"),
    "less_than_or_equal_to": ("le", "max_value"),
    "less_than": ("lt", "max_value"),
}
"""Pandera's checks, with pydantic's name of the limit and Pandera's key of its value."""

Problem = dict[str, str]
"""The keys field (such as rows[3].name, from 0), value (shortened), limits and reason."""

make_type: Any = TypedDict  # mypy knows no keys that come from the schema.
Prediction = make_type(
    "Prediction",
    {
        schema.ID or "id": NotRequired[Any],
        "prediction": type(schema.CLASSES[0]) if schema.CLASSES else float,
        **{f"probability_{name}": float for name in schema.CLASSES},
    },
)


class Answer(TypedDict):
    """Predictions of the rows, in their order."""

    model: str
    predictions: list[Prediction]  # type: ignore[valid-type]
    ignored: NotRequired[list[str]]


class Refusal(TypedDict):
    """A request that violates the schema."""

    detail: str
    problems: list[Problem]


class RefusedError(Exception):
    """A request that violates the schema."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems[:N_PROBLEMS]
        super().__init__("; ".join(map(_line, self.problems)))


class Rows(NamedTuple):
    """Parsed rows of a request."""

    table: pd.DataFrame
    ids: list[Any] | None
    """Row identifiers, which the answer repeats."""

    ignored: list[str]
    """Columns that are not in the schema."""


class Payload:
    """Parser of requests with up to ``max_rows`` rows."""

    def __init__(self, max_rows: int) -> None:
        self._max_rows = max_rows
        rules = {
            name: NotRequired[_rule(column)] if column.nullable else _rule(column)
            for name, column in COLUMNS.items()
        }
        row = make_type("Row", rules)
        row.__pydantic_config__ = ConfigDict(extra="ignore", strict=True)
        many: Any = Annotated[list[row], FailFast()]  # type: ignore[valid-type]
        self._rows: TypeAdapter[list[dict[str, Any]]] = TypeAdapter(many)
        self._described = TypeAdapter(row).json_schema()
        self._names = pd.Index(list(COLUMNS))
        # Else Pandera checks the rest, which is slower.
        self._is_exact = not schema.UNLABELLED.checks and all(
            column.dtype.type == np.float64
            and not column.metadata
            and {check.name for check in column.checks} <= {"in_range", *LIMITS}
            for column in COLUMNS.values()
        )

    def example(self) -> dict[str, Any]:
        """Return a valid row."""
        return {name: _value(rule) for name, rule in self._described["properties"].items()}

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI description of a request, with an example."""
        rows = {
            "type": "array",
            "minItems": 1,
            "maxItems": self._max_rows,
            "items": self._described,
        }
        body = {"type": "object", "properties": {"rows": rows}, "required": ["rows"]}
        content = {"schema": body, "example": {"rows": [self.example()]}}
        return {"requestBody": {"required": True, "content": {"application/json": content}}}

    def read(self, body: bytes) -> Rows:
        """Parse a request.

        Raises:
            RefusedError: If it is not JSON, or a row violates the schema.
        """
        rows = self._parse(body)
        values: list[list[Any]] = []
        for start in range(0, len(rows), N_AT_ONCE):
            try:
                found = self._rows.validate_python(rows[start : start + N_AT_ONCE])
            except ValidationError as error:
                # A union has one error for each of its types.
                errors = {one["loc"][:2]: one for one in reversed(error.errors(include_url=False))}
                problems = [self._explain(one, start) for one in reversed(errors.values())]
                raise RefusedError(problems) from None
            values += [[row.get(name) for name in COLUMNS] for row in found]
        further = sorted({name for row in rows for name in row.keys() - COLUMNS.keys()})
        ids = [row.get(schema.ID) for row in rows] if schema.ID in further else None
        ignored = [_short(name) for name in further if name != schema.ID]
        return Rows(self._table(values), ids, ignored)

    def _parse(self, body: bytes) -> list[Any]:
        """Parse a body, unless it has more values than the allowed rows can have."""
        limits = f"an object with 'rows': 1 to {self._max_rows} rows of {len(COLUMNS)} columns"
        # Strings may contain these characters, too: hence the factors.
        n_containers = body.count(b"{") + body.count(b"[")
        n_values = body.count(b":") + body.count(b",")
        width = len(COLUMNS) + N_UNKNOWN
        if (
            n_containers > max(2 * self._max_rows + N_UNKNOWN, len(body) // 40)
            or n_values > 20 * width * n_containers
        ):
            raise RefusedError([_problem("rows", "", limits, "Too many rows or values")])
        try:
            found = from_json(body)
        except ValueError as error:
            raise RefusedError([_problem("body", body, limits, f"Not JSON: {error}")]) from None
        rows = found.get("rows") if isinstance(found, dict) and len(found) == 1 else None
        if not isinstance(rows, list) or not 1 <= len(rows) <= self._max_rows:
            raise RefusedError([_problem("rows", "", limits, "Wrong number of rows")])
        for number, row in enumerate(rows):
            if isinstance(row, dict) and len(row) > width:
                raise RefusedError([_problem(f"rows[{number}]", "", limits, "Too many columns")])
        return rows

    def _table(self, values: list[list[Any]]) -> pd.DataFrame:
        if self._is_exact:
            return pd.DataFrame(np.array(values, np.float64), columns=self._names)
        rows = pd.DataFrame(values, columns=self._names)
        try:
            return columns.check(rows, "rows", schema.UNLABELLED)
        except columns.ViolationError as error:
            place = f"rows[{error.row}].{_short(error.column)}"
            problem = _problem(place, error.value, error.rule, "Violates the schema")
            raise RefusedError([problem]) from None

    def _explain(self, error: ErrorDetails, start: int) -> Problem:
        number, *names = error["loc"]
        place = ".".join([f"rows[{start + int(number)}]", *(_short(str(one)) for one in names[:1])])
        value = "" if error["type"] == "missing" else repr(error["input"])
        rule = self._described["properties"].get(str(names[0]) if names else "", {})
        return _problem(place, value, " or ".join(_limits(rule))[:200], error["msg"][:200])


def _rule(column: Column) -> Any:
    """Return the type of a column's values, with their limits."""
    dtype, facts = str(column.dtype).lower(), column.metadata or {}
    kind: Any = next((kind for start, kind in KINDS.items() if dtype.startswith(start)), str)
    rule: dict[str, Any] = {"allow_inf_nan": False} if kind is float else {}
    if "words" in facts:  # The words of the table, or JSON's true and false.
        kind, rule = bool | Literal[*facts["words"]], {}
    for check in column.checks if "words" not in facts else ():
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
    if str(column.dtype) == "object":
        found = Annotated[found, BeforeValidator(_plain)]
    if "decimal" in facts:  # Numbers as in the table, such as 1.234,50: the schema converts them.
        found |= str
    return found | None if column.nullable else found


def _plain(value: Any) -> Any:
    """Normalize a category as the schema does: text without surrounding whitespace."""
    return str(value).strip() if isinstance(value, str | int) else value


def _limits(rule: dict[str, Any]) -> Iterator[str]:
    """Describe what a column's JSON schema allows."""
    for one in rule.get("anyOf", [rule]):
        if values := one.get("enum", [one["const"]] if "const" in one else []):
            yield f"one of {', '.join(map(str, values))}"
        else:
            more = [f", {key} {one[key]}" for key in one if key not in {"title", "type"}]
            yield "".join([one.get("type", "no such column"), *more])


def _value(rule: dict[str, Any]) -> Any:
    """Return a value that a column's JSON schema allows."""
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
