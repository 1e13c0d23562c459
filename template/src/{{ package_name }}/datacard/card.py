"""Data card: schema and statistics of the labeled rows on one page."""

import re
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from .. import data, files
from ..schema import CLASSES, LABELLED, TARGET
from .commands import Card

STATISTICS = ("unique", "min", "mean", "max")
"""Columns of ``DataFrame.describe`` to show, where it has them for the types of the rows."""

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Data card</title>
<style>body, table { font: 1rem system-ui; color-scheme: light dark; }
table { display: block; overflow-x: auto; } p { overflow-wrap: anywhere; }</style>
<h1>Data card</h1>
"""


def write(settings: Card) -> Path:
    """Write the data card of the labeled rows.

    Raises:
        UserError: If a row violates the schema, or there is no such file.
    """
    rows = data.read(settings.data_path)
    checksum = f"SHA-256 of the values: `{data.checksum(rows)}`"
    source = f"`{settings.data_path}`, {len(rows):,} rows. {checksum}"
    render = _html if settings.card_path.suffix == ".html" else _markdown
    with files.replacing(settings.card_path) as part:
        part.write_text(render(source, describe(rows)), encoding="utf-8")
    return settings.card_path


def describe(rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return tables of text by title: the columns with rules and statistics, and the classes."""
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
    tables = {"Columns": columns.rename_axis("column")}
    if CLASSES:
        counts = rows[TARGET].value_counts().reindex([*CLASSES], fill_value=0)
        classes = pd.DataFrame({"rows": counts, "fraction": counts / len(rows)})
        tables["Classes"] = classes.rename_axis("class")
    return {title: table.reset_index().map(_text) for title, table in tables.items()}


def _text(cell: Any) -> str:
    if pd.isna(cell):  # Such as the mean of a text.
        return "-"
    return f"{cell:.4g}" if isinstance(cell, float) else str(cell)


def _markdown(source: str, tables: dict[str, pd.DataFrame]) -> str:
    parts = ["# Data card", source]
    for title, table in tables.items():
        lines = [[*table], ["---"] * table.shape[1], *table.to_numpy().tolist()]
        cells = [[cell.replace("|", "\\|") for cell in line] for line in lines]
        parts += [f"## {title}", "\n".join(f"| {' | '.join(line)} |" for line in cells)]
    return "\n\n".join(parts) + "\n"


def _html(source: str, tables: dict[str, pd.DataFrame]) -> str:
    parts = [f"<p>{escape(source)}</p>"]
    parts += [f"<h2>{title}</h2>\n{table.to_html(index=False)}" for title, table in tables.items()]
    return PAGE + re.sub("`([^`]*)`", r"<code>\1</code>", "\n".join(parts)) + "\n"
