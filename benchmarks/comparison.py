"""Two sides of a comparison alternate in one run; each is reported by its fastest round.

Machines are shared and noisy, so the ratio says more than the seconds.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parent.parent
COPIER = [sys.executable, "-m", "copier", "copy", "--trust", "--defaults", "--quiet"]
HEADER = """\
| what | seconds | compared with | seconds | ratio | goal |
|---|---|---|---|---|---|"""
ENVIRONMENT = {
    name: value
    for name, value in os.environ.items()
    # Otherwise command-line tools could not cache their bytecode.
    if name not in {"PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV"}
} | {"GIT_CONFIG_GLOBAL": os.devnull}

Side = Callable[[], None]


def make_repository(folder: Path, source: Path) -> Path:
    """Copy a folder's files, except ignored ones, into a tagged repository."""
    shutil.copytree(source, folder, ignore=shutil.ignore_patterns(".git", ".venv", "__pycache__"))
    git = ["git", "-c", "user.name=benchmark", "-c", "user.email=benchmark@example.org"]
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "all"], ["tag", "v1.0.0"]):
        run(*git, *command, cwd=folder)
    return folder


def report(name: str, one: Side, other_name: str, other: Side, rounds: int, goal: str) -> None:
    """Alternate two sides and print their fastest rounds and the ratio."""
    times: list[tuple[float, float]] = [(seconds(one), seconds(other)) for _ in range(rounds)]
    first, second = (min(side) for side in zip(*times, strict=True))
    print(
        f"| {name} | {first:.2f} | {other_name} | {second:.2f} | {first / second:.2f} | {goal} |",
        flush=True,
    )


def seconds(side: Side) -> float:
    """Time one side once."""
    start = time.perf_counter()
    side()
    return time.perf_counter() - start


def fresh(folder: Path) -> Path:
    """Return an unused path."""
    shutil.rmtree(folder, ignore_errors=True)
    return folder


def run(*command: str | Path, cwd: Path | None = None) -> None:
    """Run a command quietly; raise if it fails."""
    subprocess.run(command, cwd=cwd, env=ENVIRONMENT, check=True, capture_output=True)
