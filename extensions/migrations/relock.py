"""Migration of every update: let uv.lock fit the requirements that the update left.

uv keeps each version that still fits. Nothing here can fail an update: what could not be done is
reported in one line. Runs in the project with the standard library alone.
"""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any


def main() -> None:
    """Lock the project in the current folder again, if it has a lock that does not fit."""
    pyproject, uv_lock = Path("pyproject.toml"), Path("uv.lock")
    if os.environ.get("COPIER_ML_NO_LOCK") or not uv_lock.exists() or not pyproject.exists():
        return
    if uv_lock.is_symlink():
        _tell("it is a symbolic link, through which uv would write; put the file in its place")
        return
    text = pyproject.read_text(encoding="utf-8", errors="replace")
    if re.search(r"^<{7} ", text, re.MULTILINE):
        _tell("run 'uv lock' once the conflicts in pyproject.toml are solved")
        return
    try:
        settings = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        _tell(f"run 'uv lock' once pyproject.toml is fixed: {error}")
        return
    uv = os.environ.get("UV") or shutil.which("uv")
    if not uv:
        _tell("run 'uv lock' once uv is installed")
        return
    lock(uv, settings)


def lock(uv: str, pyproject: dict[str, Any]) -> None:
    """Lock with what uv's cache knows, which is ten times faster, and else with the network."""
    if not _run(uv, "lock", "--check", "--offline").returncode:
        return
    # The cache may know a package from the public index alone, and a private one is asked first.
    done = None if _has_private_index(pyproject) else _run(uv, "lock", "--offline")
    if done is None or done.returncode:
        done = _run(uv, "lock")
    if done.returncode:
        reason = " ".join(done.stderr.split()).removeprefix("error: ")
        _tell(f"run 'uv lock' once this is solved: {reason[:300]}")


def _has_private_index(pyproject: dict[str, Any]) -> bool:
    indexes = pyproject.get("tool", {}).get("uv", {}).get("index", [])
    return any(not index.get("explicit") and not index.get("default") for index in indexes)


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", errors="replace", check=False
    )


def _tell(rest: str) -> None:
    print(f"uv.lock is as it was: {rest}", file=sys.stderr)


if __name__ == "__main__":
    main()
