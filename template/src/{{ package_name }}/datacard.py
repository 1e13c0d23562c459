"""The data card: what the rows must look like, and what they do look like, on one page."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import pandas as pd
from pandera.pandas import Column, DataFrameSchema

from . import data
from .schema import LABELLED, TARGET

LONGEST_RUN = 8
"""Neighbouring columns with the same rule that have a line each; more of them share one."""

RULE = """\
A rule is what `schema.py` demands of each value, in the words of the message that refuses one.
Columns that share a line share the rule, and the figures are those of all their values."""


def write(path: Path, source: Path) -> Path:
    """Write the card of a file of rows; what is at the path is replaced.

    Raises:
        ValueError: If a row breaks the schema.
    """
    page = render(data.read(source), str(source))
    data.write_text(page, path)
    return path


def render(rows: pd.DataFrame, source: str, schema: DataFrameSchema = LABELLED) -> str:
    """Describe rows as Markdown: source, digest, columns with rule and values, classes."""
    facts = [
        ("source", f"`{source}`"),
        ("SHA-256 of the values", f"`{data.digest(rows)}`"),
        ("rows", f"{len(rows):,}"),
        ("columns", f"{rows.shape[1]}, of which `{TARGET}` is the target"),
    ]
    columns = ("columns", "type", "rule", "may be missing", "missing", "min", "mean", "max")
    described = [_describe(group, rows) for group in _groups(schema)]
    counts = rows[TARGET].value_counts().sort_index()
    shares = [(f"{name}", f"{n:,}", f"{n / len(rows):.1%}") for name, n in counts.items()]
    parts = [
        "# Data card",
        _table(("fact", "value"), facts),
        "## Columns",
        RULE,
        _table(columns, described),
        "## Classes",
        _table(("class", "rows", "share"), shares),
    ]
    return "\n\n".join(parts) + "\n"


def _groups(schema: DataFrameSchema) -> list[list[Column]]:
    """Put neighbours with the same rule together if there are many of them."""
    found: list[list[Column]] = []
    for _, same in groupby(schema.columns.values(), key=_rule):
        group = list(same)
        found += [group] if len(group) > LONGEST_RUN else [[column] for column in group]
    return found


def _rule(column: Column) -> tuple[str, str, str]:
    checks = " and ".join(one.error or str(one.name) for one in column.checks)
    return str(column.dtype), checks or "any value", "yes" if column.nullable else "no"


def _describe(group: list[Column], rows: pd.DataFrame) -> tuple[str, ...]:
    names = [str(column.name) for column in group]
    values = rows[names]
    kind, checks, may_be_missing = _rule(group[0])
    told = f"`{names[0]}`" if len(names) == 1 else f"`{names[0]}` to `{names[-1]}` ({len(names)})"
    figures = [f"{values.isna().sum().sum():,}"]
    numbers = values.select_dtypes(["number", "bool"]).to_numpy(dtype=float, na_value=float("nan"))
    known = pd.Series(numbers.ravel()).dropna()
    figures += [f"{known.agg(name):.4g}" if len(known) else "" for name in ("min", "mean", "max")]
    return told, kind, f"`{checks}`", may_be_missing, *figures


def _table(names: tuple[str, ...], lines: Sequence[tuple[str, ...]]) -> str:
    rule = tuple("---" for _ in names)
    cells = [[cell.replace("|", "\\|") for cell in line] for line in (names, rule, *lines)]
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)
