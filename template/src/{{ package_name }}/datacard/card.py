"""Data card: schema and statistics of the rows, on one page."""

from pathlib import Path

import pandas as pd

from .. import data, files
from ..schema import CLASSES, LABELLED, TARGET
from .commands import Card

STATISTICS = ("unique", "min", "mean", "max")
"""Columns of ``DataFrame.describe``, which has those that fit the types."""


def write(settings: Card) -> Path:
    """Write the data card of the labeled rows.

    Raises:
        UserError: If a row violates the schema, or there is no such file.
    """
    page = render(data.read(settings.data_path), str(settings.data_path))
    with files.replacing(settings.card_path) as part:
        part.write_text(page, encoding="utf-8")
    return settings.card_path


def render(rows: pd.DataFrame, source: str) -> str:
    """Describe rows as Markdown: source, columns with rule and statistics, and classes."""
    rules = {
        name: {
            "type": column.dtype,
            "rule": " and ".join(f"`{one.error or one.name}`" for one in column.checks),
            "may be missing": "yes" if column.nullable else "no",
            "missing": rows[name].isna().sum(),
        }
        for name, column in LABELLED.columns.items()
    }
    found = rows.describe(include="all").T
    columns = pd.DataFrame(rules).T.join(found[[name for name in STATISTICS if name in found]])
    checksum = f"SHA-256 of the values: `{data.checksum(rows)}`"
    parts = ["# Data card", f"`{source}`, {len(rows):,} rows. {checksum}"]
    parts += ["## Columns", _table("column", columns)]
    if CLASSES:
        counts = rows[TARGET].value_counts().reindex([*CLASSES], fill_value=0)
        classes = pd.DataFrame({"rows": counts, "fraction": counts / len(rows)})
        parts += ["## Classes", _table("class", classes)]
    return "\n\n".join(parts) + "\n"


def _table(index: str, rows: pd.DataFrame) -> str:
    lines = [[index, *rows.columns], ["---"] * (rows.shape[1] + 1)]
    lines += [
        [name, *(f"{cell:.4g}" if isinstance(cell, float) else cell for cell in cells)]
        for name, *cells in rows.itertuples()
    ]
    cells = [[str(cell).replace("|", "\\|") for cell in line] for line in lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)
