"""The command ``import-data``: derive a project's schema, settings and data card from a table.

The project's environment reads the table, with the pandas that training uses. This code is not
copied to the project.
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
"""Additional packages to detect the format of text and to read Excel."""


def run(args: Namespace) -> None:
    """Import a table into a project."""
    folder = args.project.resolve()
    path = folder / project.ANSWERS_FILE
    if not path.is_file():
        raise ValueError(f"{args.project} is not a project: it has no {project.ANSWERS_FILE}")
    package = project.parse_answers(path.read_bytes(), folder)["package_name"]
    say(f"Reading {args.table.name}")
    load(folder, package, args)
    print(f"Next: {uv.in_shell()} run {name_next(folder, package)}")


def check(table: Path) -> None:
    """Require a file that is not empty."""
    if not table.is_file():
        raise ValueError(f"{table} does not exist, or is not a file")
    if not table.stat().st_size:
        raise ValueError(f"{table} is empty")


def load(folder: Path, package: str, args: Namespace) -> None:
    """Read a table in the environment of a project and write the project's files.

    Raises:
        ValueError: The table is not usable; nothing was written.
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
        raise ValueError("uv is not on PATH; install it to use the project's environment")
    command = [program, "run", "--quiet", "--project", str(folder)]
    # uv would remove the extras of an existing environment.
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
    """Return the command that trains a model: the whole pipeline, if the project has it."""
    has_pipeline = (folder / "src" / package / "promotion").is_dir()
    return f"{package.replace('_', '-')} {'run' if has_pipeline else 'train'}"


def add_options(add: options.Add) -> None:
    """Declare the options."""
    add("table", type=Path, metavar="TABLE", help="CSV, JSON lines, Parquet or Excel file")
    add(
        "--project",
        type=Path,
        metavar="DIR",
        default=Path(),
        help="folder of the project (default: .)",
    )
    add("--target", required=True, metavar="COLUMN", help="column to predict")
    add_table_options(add)
    text = "replace an edited schema.py"
    add("--overwrite", dest="overwrite_schema", action="store_true", help=text)


def add_table_options(add: options.Add) -> None:
    """Declare the options about the table."""
    column: dict[str, Any] = {"metavar": "COLUMN", "action": "append", "default": []}
    add("--id", metavar="COLUMN", help="row identifier: no feature, but part of predictions")
    add("--task", choices=("classification", "regression"), help="override the inferred task")
    add("--drop", **column, help="ignore a column; repeatable")
    add("--keep", **column, help="use a column that would be ignored; repeatable")
    add("--delimiter", metavar="CHAR", help="override the detected field delimiter")
    add("--quote", metavar="CHAR", help="override the detected quote character")
    add("--encoding", metavar="NAME", help="override the detected encoding (a Python codec)")
    add("--decimal", choices=(".", ","), help="override the detected decimal mark")
