"""Import a table into the project of the current folder; the arguments are one JSON object."""

import importlib
import json
import logging
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

import pandas as pd

from . import baseline
from .deciding import Table, Wishes, decide
from .reading import Dialect, read
from .writing import is_edited, sign, write_data, write_production, write_schema, write_settings

KNOWN_AS = {".data": ".csv", ".ndjson": ".jsonl", ".tsv": ".csv", ".txt": ".csv", ".xlsx": ".csv"}
"""Suffixes that a project does not read, and their replacements."""

BASE, PRODUCTION = Path("config/base.yaml"), Path("config/prod.yaml")


def main(arguments: dict[str, Any]) -> None:
    """Read the table, infer the schema, and write and test the project's files."""
    package = Path("src", arguments["package"])
    schema = package / "schema.py"
    if is_edited(schema.read_text(encoding="utf-8")) and not arguments.get("overwrite"):
        raise ValueError(f"{schema} was edited; --overwrite replaces it")
    source = Path(arguments["table"])
    rows, dialect = read(source, Dialect(**arguments.get("dialect", {})))
    wishes = {one.name: arguments.get(one.name) for one in fields(Wishes)}
    table = decide(rows, Wishes(**{name: value for name, value in wishes.items() if value}))
    print("\n".join(show(table, source, dialect)))
    path = find_place(source)
    with restored(schema, package / "data.py", BASE, PRODUCTION), removed_again(path):
        dialect = bring(source, rows, path) or dialect
        replace(schema, write_schema(table, path.as_posix()))
        edit(package / "data.py", lambda text: write_data(text, dialect))
        edit(BASE, lambda text: write_settings(text, path, {}, {}))
        format_code(schema, package / "data.py")
        replace(schema, sign(schema.read_text(encoding="utf-8")))
        limits, gains = baseline.find(arguments["package"], path)
        edit(BASE, lambda text: write_settings(text, path, limits, gains))
        edit(PRODUCTION, lambda text: write_production(text, limits))
    shown = ", ".join(f"{name} {limit:g}" for name, limit in limits.items())
    print(f"first threshold, from {baseline.NAMES[table.task]}: {shown}")
    print(f"wrote {schema}, {package / 'data.py'}, {BASE}, {PRODUCTION}")
    write_card(package)


def show(table: Table, source: Path, dialect: Dialect) -> Iterator[str]:
    """Describe the table and the inferred schema."""
    yield f"{source.name}: {table.n_rows + table.n_without_target} rows{dialect.describe()}"
    if table.n_without_target:
        yield f"{table.n_without_target} rows without {table.target.name} are ignored"
    head = ("column", "type", "values", "missing", "use")
    lines = [
        (
            one.column.name,
            "date" if one.column.kind == "timestamp" else one.column.kind,
            one.column.shown,
            str(one.column.n_missing or ""),
            one.role + (f": {one.reason}" if one.reason else ""),
        )
        for one in table.decisions
    ]
    cells = [[_cut(cell) for cell in line[:4]] + [line[4]] for line in [head, *lines]]
    widths = [max(len(line[number]) for line in cells) for number in range(4)]
    for line in cells:
        columns = [cell.ljust(width) for cell, width in zip(line[:4], widths, strict=True)]
        yield "  ".join(["", *columns, line[4]]).rstrip()
    goal = f"{table.task} of {table.target.name!r}"
    if table.classes:
        goal += f", {len(table.classes)} classes: {_cut(', '.join(map(str, table.classes)), 60)}"
    yield goal


def _cut(text: str, length: int = 32) -> str:
    text = "".join(char if char.isprintable() else "?" for char in text)
    return text if len(text) <= length else f"{text[: length - 3]}..."


def find_place(source: Path) -> Path:
    """Return the path of the table in the project, in data/ if it must be copied."""
    suffix = KNOWN_AS.get(source.suffix, source.suffix)
    if suffix == source.suffix and source.is_relative_to(Path.cwd()):
        return source.relative_to(Path.cwd())
    return Path("data", source.name).with_suffix(suffix)


def bring(source: Path, rows: pd.DataFrame, path: Path) -> Dialect | None:
    """Copy a table to its path; return its new dialect if it was converted."""
    if path.resolve() == source:
        return None
    path.parent.mkdir(exist_ok=True)
    print(f"copied it to {path}")
    if source.suffix == ".xlsx":
        rows.to_csv(path, index=False)
        return Dialect("utf-8", ",", '"')
    shutil.copyfile(source, path)
    return None


@contextmanager
def removed_again(path: Path) -> Iterator[None]:
    """Remove a file that the block creates, and its folder, if the block fails."""
    is_new, is_folder_new = not path.exists(), not path.parent.exists()
    try:
        yield
    except BaseException:
        if is_new:
            path.unlink(missing_ok=True)
        if is_folder_new:
            path.parent.rmdir()
        raise


@contextmanager
def restored(*paths: Path) -> Iterator[None]:
    """Restore files if the block fails."""
    before = {path: path.read_bytes() for path in paths if path.exists()}
    try:
        yield
    except BaseException:
        for path, content in before.items():
            path.write_bytes(content)
        raise


def replace(path: Path, text: str) -> None:
    """Write a text with Unix line endings."""
    path.write_text(text, encoding="utf-8", newline="\n")


def edit(path: Path, change: Any) -> None:
    """Change the text of a file, if it exists."""
    if path.exists():
        replace(path, change(path.read_text(encoding="utf-8")))


def format_code(*paths: Path) -> None:
    """Format files with the project's formatter, if installed."""
    if ruff := shutil.which("ruff", path=Path(sys.executable).parent) or shutil.which("ruff"):
        subprocess.run([ruff, "format", "--quiet", *paths], check=False)


def write_card(package: Path) -> None:
    """Write the data card, if the project has that part."""
    if (package / "datacard").is_dir():
        card = importlib.import_module(f"{package.name}.datacard.card")
        commands = importlib.import_module(f"{package.name}.datacard.commands")
        print(f"wrote {card.write(commands.Card())}")


if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR)
    try:
        main(json.loads(sys.argv[1]))
    except (ValueError, OSError) as error:
        if isinstance(error, OSError) and not error.filename:
            raise
        sys.exit(f"import-data: {' '.join(str(error).split())}")
