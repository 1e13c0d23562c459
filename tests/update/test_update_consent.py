"""Whether code of a project runs: uv runs the build backend that a project names to lock it."""

import builtins
import sys
from pathlib import Path

import pytest
from conftest import ROOT, git
from owner import commit, find_uv
from updates import ANSWERS, Files, make_project, make_template, run

from copier_ml.shared import consent

PYPROJECT = """\
[project]
name = "p"
version = "1"
requires-python = ">=3.11"
dynamic = ["dependencies"]
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""
FILES: Files = {"pyproject.toml": PYPROJECT, "uv.lock": "version = 1\n"}
RELOCK = {
    "command": [sys.executable, str(ROOT / "extensions" / "migrations" / "relock.py")],
    "when": "{{ _stage == 'after' }}",
}


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    return tmp_path / "marker"


@pytest.fixture
def project(tmp_path: Path, marker: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An untrusted project: its build backend and its Python write a marker when they run."""
    (tmp_path / "settings.yml").write_text(f"trust: ['{tmp_path}/']\n")
    monkeypatch.setenv("COPIER_SETTINGS_PATH", str(tmp_path / "settings.yml"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("UV", find_uv())
    monkeypatch.setenv("UV_PYTHON_DOWNLOADS", "never")
    later = {"_migrations": [RELOCK]}
    template = make_template(tmp_path / "template", FILES, FILES | {"b": "new"}, later=later)
    project = make_project(tmp_path / "project", template, FILES)
    (project / "backend.py").write_text(f"open({str(marker)!r}, 'w')\n")
    python = project / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\ntouch {marker}\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    (project / ".venv" / "pyvenv.cfg").write_text("home = /usr/bin\n")
    commit(project, "untrusted")
    assert git("ls-files", ".venv", folder=project)
    return project


def answer(monkeypatch: pytest.MonkeyPatch, *answers: str) -> list[str]:
    """Sit at a terminal, and answer each question; return those that are not asked yet."""
    left = list(answers)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(builtins, "input", lambda _: left.pop(0))
    return left


@pytest.mark.parametrize("command", [["preview"], ["doctor"], ["update"], ["update", "--apply"]])
def test_nothing_of_a_project_runs_unasked(project: Path, marker: Path, command: list[str]) -> None:
    told = run(command[0], project, *command[1:])
    assert not marker.exists(), told
    if command[0] == "update":
        assert told.code == 0, told
        assert "uv.lock was not updated" in told.out
        done = "HEAD" if "--apply" in command else "template/v2.0.0"
        assert git("show", f"{done}:b", folder=project) == "new"
        assert git("show", f"{done}:uv.lock", folder=project) == "version = 1\n"


def test_it_runs_with_trust(project: Path, marker: Path) -> None:
    told = run("update", project, "--trust")
    assert marker.exists(), told
    assert "as it was, since" not in told.out


def test_who_says_yes_is_asked_once(
    project: Path, marker: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = answer(monkeypatch, "y")
    assert run("update", project).code == 0
    assert not left
    assert marker.exists()
    marker.unlink()
    assert run("update", project).code == 0
    assert marker.exists()


def test_who_says_nothing_is_asked_again(
    project: Path, marker: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = answer(monkeypatch, "", "n")
    for _ in range(2):
        assert run("update", project).code == 0
    assert not left
    assert not marker.exists()


def test_checks_are_not_run_either(project: Path, marker: Path) -> None:
    told = run("update", project, "--check")
    assert told.code == 2
    assert "add --trust" in told.err
    assert not marker.exists()
    assert not git("branch", "--list", "template/*", folder=project)


def test_nobody_is_asked_about_a_project_without_a_lock(
    project: Path, marker: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git("rm", "--quiet", "uv.lock", folder=project)
    commit(project, "no lock")
    answer(monkeypatch)
    assert run("update", project).code == 0
    assert not marker.exists()


def test_a_lock_that_is_a_link_is_not_written_through(project: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("mine\n")
    (project / "pyproject.toml").write_text(PYPROJECT.replace('dynamic = ["dependencies"]\n', ""))
    (project / "uv.lock").unlink()
    (project / "uv.lock").symlink_to(outside)
    commit(project, "a link")
    assert run("update", project, "--trust").code == 0
    assert outside.read_text() == "mine\n"
    assert "it is a symbolic link" in run("doctor", project).out


def test_what_this_machine_made_is_its_own(project: Path, tmp_path: Path) -> None:
    made = tmp_path / "made"
    assert run("new", made, "--template", tmp_path / "template", "--defaults", "--quiet").code == 0
    assert consent.may_run(made, is_trusted=False)
    assert (made / ANSWERS).exists()
    assert not consent.may_run(project, is_trusted=False)


@pytest.mark.parametrize("notes", ["", "{", "17", '["/nowhere"]', "\0"])
def test_notes_that_are_damaged_trust_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, notes: str
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    (tmp_path / "copier-ml").mkdir()
    (tmp_path / "copier-ml" / "trusted-projects.json").write_text(notes)
    assert not consent.may_run(tmp_path, is_trusted=False)
    consent.remember(tmp_path)
    assert consent.may_run(tmp_path, is_trusted=False)
    assert not consent.may_run(tmp_path / "nowhere", is_trusted=False)
