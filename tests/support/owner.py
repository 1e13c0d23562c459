"""A rendered project, and the commands that its owner types."""

import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from conftest import git
from copier import run_update

PLATFORMS = (
    "x86_64-unknown-linux-gnu",
    "aarch64-unknown-linux-gnu",
    "aarch64-apple-darwin",
    "x86_64-pc-windows-msvc",
)

ALONE = {"OMP_NUM_THREADS": "1", "PYTEST_XDIST_AUTO_NUM_WORKERS": "1"}
"""One thread and one worker a project, since tests run side by side: more would only wait."""


class Project:
    """A rendered project and the commands that its owner types."""

    def __init__(self, folder: Path, name: str = "my-ml-project", **environment: str) -> None:
        self.folder = folder
        self.name = name
        self.environment = environment

    def run(self, *command: str, expect: int = 0) -> str:
        """Run a command in the project and return what it prints."""
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=owner_environment() | ALONE | self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == expect, f"{command}:\n{done.stdout}"
        return done.stdout

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start a command in its own process group; the caller ends it and reads its output."""
        return subprocess.Popen(
            [find_uv(), "run", "--no-sync", self.name, *arguments],
            cwd=self.folder,
            env=owner_environment() | ALONE | self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            start_new_session=True,
        )

    def uv(self, *arguments: str, expect: int = 0) -> str:
        return self.run(find_uv(), *arguments, expect=expect)

    def command(self, *arguments: str, expect: int = 0) -> str:
        return self.uv("run", "--no-sync", self.name, *arguments, expect=expect)

    def clone(self, folder: Path, **environment: str) -> "Project":
        """Clone the project; both share the environment, and with it the package."""
        git("clone", "--quiet", str(self.folder), str(folder), folder=self.folder)
        (folder / ".venv").symlink_to(self.folder / ".venv")
        return Project(folder, self.name, **environment)


def commit(project: Path, message: str) -> None:
    """Commit everything, in a repository that is made when there is none."""
    git("init", "--quiet", folder=project)
    git("add", "--all", folder=project)
    git("commit", "--quiet", "--message", message, folder=project)


def update(project: Path, release: str | None = None, **answers: Any) -> None:
    """Update a project to a version of its template, the newest one, without a conflict."""
    run_update(
        project,
        data=answers,
        vcs_ref=release,
        defaults=True,
        overwrite=True,
        unsafe=True,
        quiet=True,
        skip_tasks=True,
    )
    # Copier counts a conflict as success; git knows better.
    assert not git("ls-files", "--unmerged", folder=project)
    assert not list(project.rglob("*.rej"))


def owner_environment() -> dict[str, str]:
    """Environment of someone who is not in the middle of this test run."""
    ours = re.compile(r"VIRTUAL_ENV|UV$|UV_RUN|PYTEST|COV_|PYTHONDONTWRITEBYTECODE|COLUMNS")
    theirs = {name: value for name, value in os.environ.items() if not ours.match(name)}
    return theirs | {
        "PATH": os.pathsep.join([str(Path(find_uv()).parent), os.environ["PATH"]]),
        "UV_PYTHON_DOWNLOADS": "never",
        "MACOSX_DEPLOYMENT_TARGET": "14.0",
    }


def find_copier_ml() -> str:
    """Find the program that these tests are about."""
    return str(Path(sys.executable).with_name("copier-ml"))


@cache
def find_uv() -> str:
    """Find uv itself: a shim of it on PATH might heed the .python-version of a project."""
    if "UV" in os.environ:  # ``uv run`` names itself.
        return os.environ["UV"]
    if not shutil.which("uv"):
        pytest.fail("needs uv: install it on PATH, or run the tests with 'uv run pytest'")
    asked = [
        "uv",
        "run",
        "--quiet",
        "--no-project",
        "python",
        "-c",
        "import os; print(os.environ['UV'])",
    ]
    return subprocess.run(
        asked, check=True, stdout=subprocess.PIPE, encoding="utf-8"
    ).stdout.strip()


def find_python(minor: str) -> str:
    """Find an interpreter, also one that pyenv installed and does not put on PATH."""
    roots = [Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"]
    for root in roots:
        for found in sorted(root.glob(f"{minor}.*/bin/python")):
            return str(found)
    if found := shutil.which(f"python{minor}"):
        return found
    pytest.fail(f"needs Python {minor}: install it, or pyenv's, beside the one that runs the tests")


def check_platforms(project: Project, *extra: str) -> None:
    """Check that the lock has a wheel of every package for every platform that it promises."""
    for platform in PLATFORMS:
        dry_run = ("sync", "--locked", "--dry-run", "--all-groups", *extra)
        project.uv(*dry_run, "--python-platform", platform)
