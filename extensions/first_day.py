"""Task after a copy: lock the project with the versions this release was tested with, then commit.

Neither step can fail a render: what could not be done is reported in one line. Runs in the new
project with the standard library alone.
"""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

VERSIONS = Path(__file__).with_name("versions.txt")
"""What all projects have in common; a file of versions/ has what only one stack needs."""


def main() -> None:
    """Lock and commit the project in the current folder; the argument names its stack."""
    pyproject = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))
    project = pyproject["project"]
    lock(pyproject, VERSIONS.with_suffix("") / f"{sys.argv[1]}.txt")
    if shutil.which("git") and not _run("git", "rev-parse", "--is-inside-work-tree").stdout:
        commit(project)


def lock(pyproject: dict[str, Any], versions_of_stack: Path) -> None:
    """Write uv.lock. Adding a requirement that is there already lets uv take constraints."""
    if os.path.lexists("uv.lock"):
        return
    uv = os.environ.get("UV") or shutil.which("uv")
    if not uv:
        _tell("There is no uv.lock yet, since uv is not installed: run 'uv lock' once it is.")
        return
    command = [uv, "add", "--no-sync", "--quiet", pyproject["project"]["dependencies"][0]]
    for versions in filter(Path.exists, (VERSIONS, versions_of_stack)):
        command += ["--constraints", str(versions)]
    # All versions are known, so uv may look into its cache first: it is ten times faster. Not where
    # a private index is asked before the public one: the cache may know the public one alone.
    done = None if _has_private_index(pyproject) else _run(*command, "--offline")
    if done is None or done.returncode:
        done = _run(*command)
    if done.returncode:
        reason = " ".join(done.stderr.split()).removeprefix("error: ")
        _tell(f"There is no uv.lock yet: run 'uv lock' once this is solved: {reason[:300]}")


def _has_private_index(pyproject: dict[str, Any]) -> bool:
    indexes = pyproject.get("tool", {}).get("uv", {}).get("index", [])
    return any(not index.get("explicit") and not index.get("default") for index in indexes)


def commit(project: dict[str, Any]) -> None:
    """Make the folder a repository with one commit, by git's user or the author of the answers."""
    _run("git", "init", "--quiet", "--initial-branch=main")
    _run("git", "add", "--all")
    message = "chore: start from the copier-ml template"
    done = _run("git", *_identity(project), *_OWN, "commit", "--quiet", "--message", message)
    if done.returncode:
        _tell(f"The first commit is yours to make: {' '.join(done.stderr.split())[:300]}")


_OWN = ("-c", "commit.gpgsign=false", "-c", f"core.hooksPath={os.devnull}")
"""The owner's hooks and signing key are not asked for a commit that a template makes."""


def _identity(project: dict[str, Any]) -> list[str]:
    """Name the answers' author where git has no user, as on a new machine."""
    if not _run("git", "-c", "user.useConfigOnly=true", "var", "GIT_AUTHOR_IDENT").returncode:
        return []
    author, *_ = project.get("authors", [{}])
    name = author.get("name") or "copier-ml"
    email = author.get("email") or "copier-ml@localhost"
    return ["-c", f"user.name={name}", "-c", f"user.email={email}"]


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)


def _tell(line: str) -> None:
    print(line, file=sys.stderr)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:  # Ctrl-C reaches this process, too; Copier tells of it.
        sys.exit(130)
