"""Runs a project's GitLab pipeline on this machine: gitlab-ci-local in the place of GitLab."""

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from conftest import git
from owner import ALONE, owner_environment

PROGRAM = "gitlab-ci-local@4.73.0"
"""The newest that does with Node.js 20."""

OPTIONS = [
    "--force-shell-executor",  # The image of the jobs would need Docker.
    "--shell-isolation",  # Each job has a checkout of its own, and what artifacts hand over.
    "--concurrency=1",
    "--no-color",
]


def with_origin(folder: Path) -> None:
    """Push to a repository beside a project, if it has none: rules compare with its ``main``."""
    if not git("remote", folder=folder):
        origin = folder.with_name(f"{folder.name}-origin.git")
        git("init", "--quiet", "--bare", str(origin), folder=folder)
        git("remote", "add", "origin", str(origin), folder=folder)
        git("push", "--quiet", "origin", "HEAD:main", folder=folder)


def run_pipeline(
    folder: Path,
    *jobs: str,
    expect: int = 0,
    variables: dict[str, str] | None = None,
    scoped: dict[str, dict[str, str]] | None = None,
    **environment: str,
) -> str:
    """Run jobs of a project, or all that GitLab would, as it does after a push to ``main``.

    Args:
        folder: Repository with the project, whose last commit is what runs.
        jobs: Names of jobs; without any, the rules of the pipeline decide.
        expect: Exit status.
        variables: What GitLab is told, or tells the jobs.
        scoped: Variables of the project, each with its value by environment.
        environment: What the runner has.

    Returns:
        What the jobs print.
    """
    npx = shutil.which("npx")
    if not npx or not shutil.which("rsync"):
        pytest.fail(f"needs npx, which downloads {PROGRAM}, and rsync, which makes its checkouts")
    with_origin(folder)
    values = {name: {"values": value} for name, value in (scoped or {}).items()}
    settings = folder / ".git" / "variables.yml"
    settings.write_text(yaml.safe_dump(values))
    told = {"CI_DEFAULT_BRANCH": "main"} | (variables or {})
    options = [f"--variable={name}={value}" for name, value in told.items()]
    options.append(f"--ignore-predefined-vars={','.join(told)}")
    done = subprocess.run(
        [npx, "--yes", PROGRAM, *OPTIONS, *options, "--variables-file=.git/variables.yml", *jobs],
        cwd=folder,
        env=owner_environment() | ALONE | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    shutil.rmtree(folder / ".gitlab-ci-local", ignore_errors=True)
    settings.unlink()
    assert done.returncode == expect, done.stdout
    return done.stdout
