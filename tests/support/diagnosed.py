"""A project of the tiny template, and what the doctor says of it; the machine is left out."""

import json
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any
from unittest.mock import patch

import yaml
from conftest import git
from copier import run_copy
from tiny import commit

from copier_ml.cli import main

FILE = ".copier-answers.yml"


def make(template: Path, folder: Path, version: str = "v1.1.0", **answers: Any) -> Path:
    """Make a project and commit it."""
    run_copy(str(template), folder, data=answers, vcs_ref=version, defaults=True, quiet=True)
    return commit(folder, {}, "start")


def edit(project: Path, **answers: Any) -> Path:
    """Edit the answers by hand and commit; None takes a line out."""
    recorded = yaml.safe_load((project / FILE).read_text()) | answers
    kept = {name: answer for name, answer in recorded.items() if answer is not None}
    return commit(project, {FILE: yaml.safe_dump(kept)}, "edit")


def ask(project: Path, *options: str) -> tuple[int, str]:
    """Run the doctor; return its exit code and its report."""
    printed = StringIO()
    with redirect_stdout(printed), patch("copier_ml.doctor.machine.examine", return_value=[]):
        code = main(["doctor", str(project), *options])
    return code, printed.getvalue()


def diagnose(project: Path, *options: str) -> dict[str, Any]:
    """Run the doctor: its exit code says whether it found something, and it touches nothing."""
    before = git("status", "--porcelain", "--ignored", folder=project)
    code, printed = ask(project, "--json", *(options or ["--trust"]))
    report: dict[str, Any] = json.loads(printed)
    assert code == bool(report["findings"])
    assert git("status", "--porcelain", "--ignored", folder=project) == before
    return report


def only(report: dict[str, Any]) -> dict[str, str]:
    """Give the one finding."""
    (finding,) = report["findings"]
    found: dict[str, str] = finding
    return found
