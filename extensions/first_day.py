"""Task after a copy: lock the project with the versions this release was tested with, then commit.

Neither step can fail a render: each failure is one line with its fix. Runs in the new project and
needs only the standard library.
"""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

VERSIONS = Path(__file__).with_name("versions.txt")
"""Pins of every project; a file in versions/ has those of one stack."""


def main() -> None:
    """Lock and commit the project in the current folder; the argument is its stack."""
    pyproject = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))
    project = pyproject["project"]
    lock(pyproject, VERSIONS.with_suffix("") / f"{sys.argv[1]}.txt")
    if shutil.which("git") and not _run("git", "rev-parse", "--is-inside-work-tree").stdout:
        commit(project)


def lock(pyproject: dict[str, Any], versions_of_stack: Path) -> None:
    """Write uv.lock. Only ``uv add`` takes constraints, so it adds a requirement that is there."""
    if os.path.lexists("uv.lock"):
        return
    uv = os.environ.get("UV") or shutil.which("uv")
    if not uv:
        _warn("uv.lock was not created: uv is not on PATH. Install uv, then run 'uv lock'.")
        return
    command = [uv, "lock", "--quiet"]
    if dependencies := pyproject["project"]["dependencies"]:
        command = [uv, "add", "--no-sync", "--quiet", dependencies[0]]
        for versions in filter(Path.exists, (VERSIONS, versions_of_stack)):
            command += ["--constraints", str(versions)]
    # All versions are pinned, so uv's cache alone may do, which is ten times faster. Not with a
    # private index that precedes the public one: the cache may have packages of the public one.
    done = None if _has_private_index(pyproject) else _run(*command, "--offline")
    if done is None or done.returncode:
        done = _run(*command)
    if done.returncode:
        reason = " ".join(done.stderr.split()).removeprefix("error: ")[:300].rstrip(".")
        run = "uv lock" if shutil.which("uv") else "python3 -m uv lock"
        _warn(f"uv.lock was not created: {reason}. {_fix_login(pyproject)}run '{run}'.")


def _has_private_index(pyproject: dict[str, Any]) -> bool:
    return any(not it.get("explicit") and not it.get("default") for it in _indexes(pyproject))


def _indexes(pyproject: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pyproject.get("tool", {}).get("uv", {}).get("index", [])
    return found


def _fix_login(pyproject: dict[str, Any]) -> str:
    """Name the credentials that an index needs and the environment lacks."""
    if pyproject.get("tool", {}).get("uv", {}).get("keyring-provider"):
        return "Check that 'keyring' can log in to the package index, then "
    names = [it["name"].upper() for it in _indexes(pyproject) if it.get("authenticate") == "always"]
    wanted = [
        f"UV_INDEX_{re.sub('[^A-Z0-9]', '_', name)}_{part}"
        for name in names
        for part in ("USERNAME", "PASSWORD")
    ]
    if missing := [name for name in wanted if name not in os.environ]:
        return f"Set {' and '.join(missing)}, then "
    return "Fix that, then "


def commit(project: dict[str, Any]) -> None:
    """Create a repository with one commit, by Git's user or else the author in pyproject.toml."""
    branch = _run("git", "config", "--get", "init.defaultBranch").stdout.strip() or "main"
    if branch != "main" and Path(".github", "workflows").is_dir():
        _warn(f"The branch is 'main', not {branch!r} (init.defaultBranch): the workflows need it.")
        branch = "main"
    _run("git", "init", "--quiet", f"--initial-branch={branch}")
    _run("git", "add", "--all")
    message = "chore: start from the copier-ml template"
    done = _run("git", *_identity(project), *_NO_HOOKS, "commit", "--quiet", "--message", message)
    if done.returncode:
        reason = " ".join(done.stderr.split())[:300].rstrip(".")
        _warn(f"The first commit failed: {reason}. Fix that, then run 'git commit'.")


_NO_HOOKS = ("-c", f"core.hooksPath={os.devnull}")
"""Hooks of the user were not written for generated files."""


def _identity(project: dict[str, Any]) -> list[str]:
    """Return options with the author of the answers if Git has no user."""
    if not _run("git", "-c", "user.useConfigOnly=true", "var", "GIT_AUTHOR_IDENT").returncode:
        return []
    author, *_ = project.get("authors", [{}])
    name = author.get("name") or "copier-ml"
    email = author.get("email") or "copier-ml@localhost"
    return ["-c", f"user.name={name}", "-c", f"user.email={email}"]


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)


def _warn(line: str) -> None:
    print(line, file=sys.stderr)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:  # Copier reports Ctrl-C.
        sys.exit(130)
