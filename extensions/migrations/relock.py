"""Migration of every update: update uv.lock to the new requirements.

uv keeps versions that are still allowed. Failures are reported in one line and do not fail an
update. Runs in the project and needs only the standard library.
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
    """Lock the project in the current folder, if its lockfile is outdated."""
    pyproject, uv_lock = Path("pyproject.toml"), Path("uv.lock")
    if os.environ.get("COPIER_ML_NO_LOCK") or not uv_lock.exists() or not pyproject.exists():
        return
    if uv_lock.is_symlink():
        _warn("it is a symbolic link; replace it with the file")
        return
    text = pyproject.read_text(encoding="utf-8", errors="replace")
    if re.search(r"^<{7} ", text, re.MULTILINE):
        _warn("resolve the conflicts in pyproject.toml, then run 'uv lock'")
        return
    try:
        settings = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        _warn(f"fix pyproject.toml, then run 'uv lock': {error}")
        return
    uv = os.environ.get("UV") or shutil.which("uv")
    if not uv:
        _warn("install uv, then run 'uv lock'")
        return
    lock(uv, settings)


def lock(uv: str, pyproject: dict[str, Any]) -> None:
    """Lock with uv's cache, which is ten times faster, or else with the network."""
    if not _run(uv, "lock", "--check", "--offline").returncode:
        return
    # Not with a private index that precedes the public one: the cache may have public packages.
    done = None if _has_private_index(pyproject) else _run(uv, "lock", "--offline")
    if done is None or done.returncode:
        done = _run(uv, "lock")
    if done.returncode:
        reason = " ".join(done.stderr.split()).removeprefix("error: ")
        _warn(f"fix this, then run 'uv lock': {reason[:300]}")


def _has_private_index(pyproject: dict[str, Any]) -> bool:
    indexes = pyproject.get("tool", {}).get("uv", {}).get("index", [])
    return any(not index.get("explicit") and not index.get("default") for index in indexes)


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", errors="replace", check=False
    )


def _warn(rest: str) -> None:
    print(f"uv.lock was not updated: {rest}", file=sys.stderr)


if __name__ == "__main__":
    main()
