"""What runs around the merge: a template's migrations, and the project's own checks."""

import sys
from pathlib import Path

import pytest
from conftest import git
from updates import Files, make_project, make_template, number, state, update

ONE: Files = {"a.txt": number(9)}
TWO = ONE | {"b.txt": "new\n"}


@pytest.fixture
def uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a program in the place of uv that runs a line of a file named like the recipe."""
    program = tmp_path / "uv"
    # uv run --quiet just RECIPE
    program.write_text('#!/bin/sh\necho "checking $4"\ntest "$4" = sync || test ! -e bad.txt\n')
    program.chmod(0o755)
    monkeypatch.setenv("UV", str(program))
    return program


@pytest.mark.usefixtures("uv")
def test_an_update_that_passes_its_checks_is_taken(tmp_path: Path) -> None:
    template = make_template(tmp_path / "template", ONE, TWO)
    project = make_project(tmp_path / "project", template, ONE)
    update(project, "--check", "--apply")
    assert (project / "b.txt").read_text() == "new\n"


@pytest.mark.usefixtures("uv")
def test_an_update_that_fails_its_checks_waits_on_its_branch(tmp_path: Path) -> None:
    template = make_template(tmp_path / "template", ONE, ONE | {"bad.txt": "bad\n"})
    project = make_project(tmp_path / "project", template, ONE)
    head = git("rev-parse", "HEAD", folder=project)
    told = update(project, "--check", "--apply", expect=1)
    assert "'just check' fails on it:\n\nchecking check" in told.out
    assert git("rev-parse", "HEAD", folder=project) == head
    assert not (project / "bad.txt").exists()
    assert git("show", "template/v2.0.0:bad.txt", folder=project) == "bad\n"


@pytest.mark.parametrize("stage", ["before", "after"])
def test_a_migration_that_fails_leaves_the_project_as_it_was(tmp_path: Path, stage: str) -> None:
    fails = {
        "command": [sys.executable, "-c", "import sys; sys.exit('no disk')"],
        "when": f"{{{{ _stage == {stage!r} }}}}",
    }
    template = make_template(tmp_path / "template", ONE, TWO, later={"_migrations": [fails]})
    project = make_project(tmp_path / "project", template, ONE)
    before = state(project)
    told = update(project, "--apply", expect=2)
    assert "returned non-zero exit status 1" in told.err
    assert state(project) == before
