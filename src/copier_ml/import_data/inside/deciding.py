"""Assign a role to each column of a table, with the reason for ignored ones."""

import re
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from .kinds import Column, examine, is_missing, to_numbers

Role = Literal["feature", "target", "id", "left out"]
Task = Literal["classification", "regression"]

LEAST_ROWS = 20
LEAST_OF_CLASS = 5
"""Minimums of a project: see ``LEAST_ROWS`` in its ``data.py``."""

MOST_CLASSES = 20
"""Integers with more distinct values are numbers, unless the user overrides it."""

MANY_CATEGORIES = 254
"""Categories that tree models distinguish: rarer ones are merged."""

KEEP = "--keep uses it"

NAMES_OF_IDS = re.compile(
    r"(?i:(^|[^a-z])(id|idx|index|key|row|rownames?|unnamed|uuid)($|[^a-z]))|[a-z]I[dD]$"
)
"""Names of identifier columns, such as customer_id and OrderID."""


@dataclass(frozen=True)
class Wishes:
    """The user's options for a table."""

    target: str
    id: str = ""
    task: Task | None = None
    drop: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    decimal: str = ""


@dataclass(frozen=True)
class Decision:
    """The role of a column."""

    column: Column
    role: Role
    reason: str = ""
    """Why it is ignored, or a remark."""


@dataclass(frozen=True)
class Table:
    """The inferred description of a table."""

    decisions: list[Decision]
    task: Task
    target: Column
    classes: tuple[Any, ...]
    id: str
    n_rows: int
    n_without_target: int

    def features(self) -> list[Column]:
        """List the feature columns."""
        return [one.column for one in self.decisions if one.role == "feature"]


def decide(rows: pd.DataFrame, wishes: Wishes) -> Table:
    """Infer the task and the role of each column.

    Raises:
        ValueError: A column does not exist, the target is unsuitable, or there are too few rows.
    """
    _refuse_names(rows, wishes)
    columns = {
        str(name): examine(rows[name], wishes.decimal, is_kept=name in wishes.keep) for name in rows
    }
    target = columns[wishes.target]
    known = rows[~is_missing(rows[target.name], target.kind)]
    _refuse_target(known, target)
    task = wishes.task or _find_task(known[target.name], target)
    if task == "regression" and target.kind != "number":
        example = target.shown.split(",")[0]
        raise ValueError(f"the target {target.name!r} has a value that is no number: {example!r}")
    classes = _list_classes(known[target.name], target) if task == "classification" else ()
    if classes:
        _refuse_classes(known[target.name], target, classes)
    decisions = [_decide(known, column, target, wishes) for column in columns.values()]
    if not any(one.role == "feature" for one in decisions):
        raise ValueError("no feature column is left; keep one with --keep COLUMN")
    n_missing = len(rows) - len(known)
    return Table(decisions, task, target, classes, wishes.id, len(known), n_missing)


def _refuse_names(rows: pd.DataFrame, wishes: Wishes) -> None:
    for name in (wishes.target, *filter(None, [wishes.id]), *wishes.drop, *wishes.keep):
        if name not in rows:
            raise ValueError(f"there is no column {name!r}; there are {', '.join(map(str, rows))}")
    if wishes.target in (wishes.id, *wishes.drop):
        raise ValueError(f"{wishes.target!r} is the target: it can be neither the id nor dropped")


def _refuse_target(known: pd.DataFrame, target: Column) -> None:
    if len(known) < LEAST_ROWS:
        raise ValueError(
            f"{len(known)} rows have a value of {target.name!r}; {LEAST_ROWS} are needed"
        )
    if target.n_unique < 2:
        raise ValueError(f"the target {target.name!r} has only one value: {target.shown}")
    if target.kind == "timestamp":
        raise ValueError(f"the target {target.name!r} is a date: choose a number or a class")
    if target.first_odd:
        _refuse_odd(target)
    if _counts_rows(known, target):
        raise ValueError(f"the target {target.name!r} is an identifier: it numbers the rows")


def _refuse_odd(column: Column) -> None:
    row, value = column.first_odd or (0, "")
    raise ValueError(
        f"column {column.name!r} has numbers, and {value!r} in row {row}: correct it, ignore the "
        "column with --drop, or use its values as categories with --keep"
    )


def _find_task(values: pd.Series, target: Column) -> Task:
    """Infer classification from numbers only if they are few integers, and each is frequent."""
    if target.kind != "number":
        return "classification"
    is_few = target.is_whole and target.n_unique <= MOST_CLASSES
    is_often = values.value_counts().min() >= LEAST_OF_CLASS
    return "classification" if is_few and is_often else "regression"


def _list_classes(values: pd.Series, column: Column) -> tuple[Any, ...]:
    """List the classes in order: integers stay integers, and 'no' precedes 'yes'."""
    if column.kind == "number":
        found = sorted(set(_convert(values, column).tolist()))
        return tuple(int(one) if one % 1 == 0 else one for one in found)
    if column.kind == "boolean":
        return (column.options.get("false", False), column.options.get("true", True))
    return tuple(sorted(values.astype("string").str.strip().unique().tolist()))


def _refuse_classes(values: pd.Series, target: Column, classes: tuple[Any, ...]) -> None:
    if len(classes) > len(values) // 2:
        raise ValueError(
            f"the target {target.name!r} has {len(classes)} values in {len(values)} rows: it is an "
            "identifier, or free text"
        )
    counts = values.astype("string").str.strip().value_counts()
    if counts.min() < LEAST_OF_CLASS:
        remedy = ", or predict the number with --task regression" if target.kind == "number" else ""
        raise ValueError(
            f"class {counts.idxmin()!r} of {target.name!r} has {counts.min()} row(s), and needs "
            f"{LEAST_OF_CLASS}: add rows, remove these, or merge classes{remedy}"
        )


def _decide(rows: pd.DataFrame, column: Column, target: Column, wishes: Wishes) -> Decision:
    if column.name in (target.name, wishes.id):
        return Decision(column, "target" if column.name == target.name else "id")
    if column.name in wishes.drop:
        return Decision(column, "left out", "--drop")
    if column.name in wishes.keep:
        return Decision(column, "feature")
    if column.first_odd:
        _refuse_odd(column)
    if reason := _find_reason(rows, column, target):
        return Decision(column, "left out", reason)
    is_much = column.kind == "category" and column.n_unique > MANY_CATEGORIES
    note = f"{column.n_unique} categories: the rarest count as one, --drop leaves it out"
    return Decision(column, "feature", note if is_much else "")


def _find_reason(rows: pd.DataFrame, column: Column, target: Column) -> str:
    """Say why a column cannot be a feature; nothing if it can."""
    n_known = len(rows) - column.n_missing
    pairs = rows[[column.name, target.name]].astype("string").drop_duplicates()
    is_copy = len(pairs) == column.n_unique == target.n_unique and column.n_unique < len(rows) // 2
    same = rows[column.name].astype("string").equals(rows[target.name].astype("string"))
    reasons = {
        "all values are missing": not column.n_unique,
        "one value only": column.n_unique == 1,
        f"numbers the rows ({KEEP})": _counts_rows(rows, column),
        f"is called an id, and hardly repeats ({KEEP})": _is_called_id(rows, column),
        f"names a row ({KEEP})": column.kind == "text" and column.n_unique >= n_known,
        f"free text ({KEEP})": column.kind == "text",
        f"a copy of {target.name} ({KEEP})": is_copy or same,
    }
    return next((reason for reason, holds in reasons.items() if holds), "")


def _counts_rows(rows: pd.DataFrame, column: Column) -> bool:
    """Whether a column has each integer of a range once."""
    if column.kind != "number" or not column.is_whole or column.n_unique != len(rows):
        return False
    numbers = _convert(rows[column.name], column)
    return bool(numbers.max() - numbers.min() == len(rows) - 1)


def _is_called_id(rows: pd.DataFrame, column: Column) -> bool:
    is_whole = column.kind == "number" and column.is_whole
    return is_whole and column.n_unique > len(rows) // 2 and bool(NAMES_OF_IDS.search(column.name))


def _convert(values: pd.Series, column: Column) -> pd.Series:
    is_typed = pd.api.types.is_numeric_dtype(values)
    return values if is_typed else to_numbers(values.str.strip(), **column.options)
