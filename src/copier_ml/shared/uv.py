"""uv, run in the folder of a project."""

import os
import shutil
import subprocess
from pathlib import Path

from .git import own_environment


def find() -> str:
    """Find the program; empty if there is none."""
    return os.environ.get("UV") or shutil.which("uv") or ""


def run(uv: str, *arguments: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run it outside of the environment of this program; all that it prints is in ``stdout``."""
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
