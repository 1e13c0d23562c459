"""Ctrl-C says what became of the update, and never ends a checkout half way."""

import os
import shutil
import sys
from pathlib import Path

import pytest
from conftest import git
from updates import edit, number, start, start_update, state

ONE = {"a": number(20), "b": number(20)}
TWO = {"a": number(20, l1="theirs"), "c": number(20)}

STOPPING = """\
#!/bin/sh
case " $* " in *" {when} "*) kill -INT $PPID; sleep 0.6;; esac
exec {git} "$@"
"""
"""A Git at whose command copier-ml gets Ctrl-C, and which takes longer than Python would wait."""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a script stands for Git")


def stop(project: Path, when: str, *arguments: str) -> str:
    """Update a project, with Ctrl-C at a command of Git; give what it says."""
    program = project.parent / "bin" / "git"
    program.parent.mkdir()
    program.write_text(STOPPING.format(when=when, git=shutil.which("git")))
    program.chmod(0o755)
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    cache = str(project.parent / "cache")
    process = start_update(project, *arguments, PATH=path, XDG_CACHE_HOME=cache)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    return err


@pytest.fixture
def project(tmp_path: Path) -> Path:
    made = start(tmp_path, ONE, TWO)
    edit(made, {"a": number(20, l20="mine")})
    return made


@pytest.mark.parametrize("when", ["clone", "merge-tree", "commit-tree"])
def test_before_it_lands_nothing_was_changed(project: Path, when: str) -> None:
    before = state(project)
    assert stop(project, when, "--apply") == "copier-ml: stopped; nothing was changed\n"
    assert state(project) == before


def test_while_it_is_applied_it_was_applied(project: Path) -> None:
    told = stop(project, "--ff-only", "--apply")
    assert told == "copier-ml: stopped; the update was applied\n"
    assert (project / "a").read_text() == number(20, l1="theirs", l20="mine")
    assert git("status", "--porcelain", folder=project) == ""


def test_while_the_branch_is_set_it_is_there(project: Path) -> None:
    told = stop(project, "copier-ml update")
    assert told == "copier-ml: stopped; the update is on the branch template/v2.0.0\n"
    assert git("show", "template/v2.0.0:c", folder=project) == TWO["c"]


def test_while_conflicts_are_opened_the_merge_waits(project: Path) -> None:
    edit(project, {"a": number(20, l1="mine")})
    told = stop(project, "worktree add")
    folder = Path(told.removeprefix("copier-ml: stopped; the unfinished merge is in ").strip())
    assert "UU a" in git("status", "--short", folder=folder)
