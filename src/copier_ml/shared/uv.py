"""Run uv in the folder of a project."""

import os
import shutil
import subprocess
from pathlib import Path

from .git import own_environment


def find() -> str:
    """Return the path of the program; empty if it is not installed."""
    return os.environ.get("UV") or shutil.which("uv") or ""


def in_shell() -> str:
    """Return how a user calls uv, for messages."""
    return "uv" if shutil.which("uv") else "python3 -m uv"


def run(uv: str, *arguments: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run it outside the environment of this program; ``stdout`` has both output streams."""
    return subprocess.run(
        [uv, *arguments],
        cwd=folder,
        env={name: text for name, text in own_environment().items() if name != "VIRTUAL_ENV"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
