"""No line of an owner is lost unless its file is named, whatever they did to their project."""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from conftest import git
from hypothesis import HealthCheck, Phase, given, settings
from messy import EDITS, RENAMED, Owner, merge_lines, mine, release
from updates import (
    ANSWERS,
    Told,
    at,
    listed,
    make_project,
    make_template,
    run,
    state,
    worktree,
)

BASE, NEW = release(is_second=False), release(is_second=True)
TITLES = ("Conflicts", "Left alone", "Refused")
SETTINGS: dict[str, Any] = {
    "deadline": None,
    "database": None,
    "suppress_health_check": [HealthCheck.too_slow],
    "phases": [Phase.generate],  # An example takes a second: its own edits say enough.
}
Trees = dict[str, bytes]


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An unchanged project."""
    folder = tmp_path_factory.mktemp("messy")
    template = make_template(folder / "template", BASE, NEW)
    return make_project(folder / "project", template, BASE)


@settings(max_examples=30, derandomize=True, **SETTINGS)
@given(edits=EDITS)
def test_a_messy_owner_loses_no_line(fresh: Path, edits: list[Any]) -> None:
    try_edits(fresh, edits)


@pytest.mark.updates
@settings(max_examples=50, derandomize=True, **SETTINGS)
@given(edits=EDITS)
def test_more_messy_owners_lose_no_line(fresh: Path, edits: list[Any]) -> None:
    try_edits(fresh, edits)


@pytest.mark.nightly
@settings(max_examples=1000, **SETTINGS)
@given(edits=EDITS)
def test_many_messy_owners_lose_no_line(fresh: Path, edits: list[Any]) -> None:
    try_edits(fresh, edits)


def try_edits(fresh: Path, edits: list[Any]) -> None:
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(Path(name, "cache")))
        project = Path(name, "project")
        shutil.copytree(fresh, project, symlinks=True)
        owner = Owner(project)
        for edit in edits:
            owner.make(*edit)
        git("add", "--all", folder=project)
        git("commit", "--quiet", "--allow-empty", "--message", "edits", folder=project)
        before = state(project, branches=False)
        told = run("update", project, "--trust")
        assert state(project, branches=False) == before
        assert "Traceback" not in told.err
        check(project, told)


def check(project: Path, told: Told) -> None:
    """Check what came out, and that the exit code says so."""
    ours = read_commit(project, "HEAD")
    named = {row.split(": ")[0] for title in TITLES for row in listed(told.out, title)}
    assert not listed(told.out, "Refused: your edits"), told
    if told.code == 2:
        assert told.err.count("\n") == 1
        assert "nothing was changed" in told.err
        assert named >= {"new.txt"}, told
    elif told.code == 1:
        assert listed(told.out, "Conflicts")
        check_kept(ours, read_disk(worktree(told)), named)
    else:
        assert told.code == 0
        assert not listed(told.out, "Conflicts")
        got = read_commit(project, "template/v2.0.0")
        check_kept(ours, got, set())
        check_untouched(ours, got, named)
        check_merged(ours, got)
    git("fsck", "--no-dangling", folder=project)


def check_kept(ours: Trees, got: Trees, named: set[str]) -> None:
    """Check that the owner's lines are all there, but for files that are named."""
    there = {line for content in got.values() for line in mine(content)}
    for path, content in ours.items():
        if path not in named:
            assert mine(content) <= there, path


def check_untouched(ours: Trees, got: Trees, named: set[str]) -> None:
    """Check that files that the owner did not touch are as the new version has them.

    One may hold what it held and be named all the same: its mode is another one.
    """
    same = (path for path, content in BASE.items() if ours.get(path) == as_bytes(content))
    for path in (path for path in same if path not in named):
        target = RENAMED.get(path, path)
        assert got.get(target) == as_bytes(NEW.get(target)), path


def check_merged(ours: Trees, got: Trees) -> None:
    """Check that a file that both changed has the lines of a merge, in the order of both."""
    for path, content in BASE.items():
        target = RENAMED.get(path, path)
        if path not in ours or path == "owned.txt" or target not in NEW or target not in got:
            continue
        sides = [as_bytes(content), ours[path], as_bytes(NEW[target])]
        if any(b"\0" in side for side in sides) or ours[path].startswith(b"mine-"):
            continue
        base, one, other = (side.replace(b"\r\n", b"\n") for side in sides)
        lines = got[target].replace(b"\r\n", b"\n").splitlines()
        assert set(lines) == merge_lines(base, one, other), path
        for side in (one, other):
            assert is_in_order(side.splitlines(), lines), path


def is_in_order(some: list[bytes], lines: list[bytes]) -> bool:
    """Whether those lines of a side that a merge has come in the same order."""
    there = [line for line in some if line in lines]
    return there == [line for line in lines if line in some]


def as_bytes(content: str | bytes | None) -> bytes | None:
    return content.encode() if isinstance(content, str) else content


def read_commit(project: Path, commit: str) -> Trees:
    """Read all files of a commit but the template's answers."""
    found = {}
    listed = git("ls-tree", "-r", "-z", commit, folder=project).split("\0")[:-1]
    for facts, path in (line.split("\t") for line in listed):
        if facts.split()[1] == "blob" and path != ANSWERS:
            found[path] = at(project, path, commit) or b""
    return found


def read_disk(folder: Path) -> Trees:
    found = {}
    for path in (path for path in folder.rglob("*") if path.is_file() or path.is_symlink()):
        link = os.fsencode(path.readlink()) if path.is_symlink() else None
        found[path.relative_to(folder).as_posix()] = link or path.read_bytes()
    return found
