"""The command ``import-data``: a table becomes schema, settings and data card of a project.

The table is read in the project's own environment, with its pandas: what is found there holds in
training. Nothing of it stays in the project.
"""

import json
import os
import subprocess
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from copier_ml.shared import options, project, uv
from copier_ml.shared.progress import say

INSIDE = Path(__file__).parent
TOOLS = ("duckdb", "openpyxl")
"""What reading needs beside the packages of a project: it sniffs text, and opens Excel."""


def run(args: Namespace) -> None:
    """Import a table into a project."""
    folder = args.project.resolve()
    path = folder / project.ANSWERS_FILE
    if not path.is_file():
        raise ValueError(f"{args.project} holds no project: it has no {project.ANSWERS_FILE}")
    package = project.parse_answers(path.read_bytes(), folder)["package_name"]
    say(f"Reading {args.table.name}")
    load(folder, package, args)
    print(f"Next: {uv.in_shell()} run {name_next(folder, package)}")


def check(table: Path) -> None:
    """Refuse what is no file, before anything is made for it."""
    if not table.is_file():
        raise ValueError(f"{table} does not exist, or is no file")
    if not table.stat().st_size:
        raise ValueError(f"{table} is empty")


def load(folder: Path, package: str, args: Namespace) -> None:
    """Read a table in the environment of a project, and write the project's files.

    Raises:
        ValueError: The table cannot be used; nothing was written.
    """
    check(args.table)
    given = {name: getattr(args, name) for name in ("encoding", "delimiter", "quote")}
    arguments: dict[str, Any] = {
        "table": str(args.table.resolve()),
        "package": package,
        "target": args.target,
        "dialect": {name: value for name, value in given.items() if value},
        "overwrite": getattr(args, "overwrite_schema", False),
    }
    arguments |= {name: getattr(args, name) for name in ("id", "task", "drop", "keep", "decimal")}
    program = uv.find()
    if not program:
        raise ValueError("uv is not on PATH; install it, since it has the project's environment")
    command = [program, "run", "--quiet", "--project", str(folder)]
    # An environment that is there may have wheels of an extra, which uv would take out.
    command += ["--no-sync"] if (folder / ".venv").is_dir() else ["--locked"]
    command += [part for tool in TOOLS for part in ("--with", tool)]
    command += ["python", "-m", "inside", json.dumps(arguments)]
    _call(command, folder)


def _call(command: Sequence[str], folder: Path) -> None:
    own = {"PYTHONPATH": str(INSIDE), "PYTHONDONTWRITEBYTECODE": "1"}
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    done = subprocess.run(
        command, cwd=folder, env=environment | own, stderr=subprocess.PIPE, text=True, check=False
    )
    if done.returncode == 0:
        return
    lines = done.stderr.strip().splitlines() or ["it ended without a message"]
    if lines[-1].startswith("import-data: "):
        raise ValueError(lines[-1].removeprefix("import-data: "))
    raise subprocess.CalledProcessError(done.returncode, command, None, done.stderr)


def name_next(folder: Path, package: str) -> str:
    """Name the command that makes a model of a table: the whole pipeline, if there is one."""
    has_pipeline = (folder / "src" / package / "promotion").is_dir()
    return f"{package.replace('_', '-')} {'run' if has_pipeline else 'train'}"


def add_options(add: options.Add) -> None:
    """Declare the options."""
    add("table", type=Path, metavar="TABLE", help="CSV, JSON lines, Parquet or Excel file")
    add("--project", type=Path, metavar="DIR", default=Path(), help="folder of the project; here")
    add("--target", required=True, metavar="COLUMN", help="what to predict")
    add_table_options(add)
    text = "replace a schema.py that was edited"
    add("--overwrite", dest="overwrite_schema", action="store_true", help=text)


def add_table_options(add: options.Add) -> None:
    """Declare what a user may know of a table."""
    column: dict[str, Any] = {"metavar": "COLUMN", "action": "append", "default": []}
    add("--id", metavar="COLUMN", help="names a row: no feature, and repeated by predictions")
    add("--task", choices=("classification", "regression"), help="instead of what is found")
    add("--drop", **column, help="leave a column out; repeatable")
    add("--keep", **column, help="use a column that would be left out; repeatable")
    add(
        "--delimiter", metavar="CHAR", help="between the fields of a line, instead of what is found"
    )
    add("--quote", metavar="CHAR", help="around fields, instead of what is found")
    add("--encoding", metavar="NAME", help="of the text, as Python calls it")
    add("--decimal", choices=(".", ","), help="decimal mark, instead of what is found")
