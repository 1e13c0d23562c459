"""A kill at any moment leaves a project as it was, or the update complete."""

import os
import random
import shutil
import signal
import time
from pathlib import Path

import pytest
from conftest import git
from updates import edit, number, start, start_update, state

ONE = {f"src/{n}.py": number(20) for n in range(10)} | {"edited": number(20)}
TWO = {f"src/{n}.py": number(20, l1="theirs") for n in range(10)} | {"edited": number(20, l1="x")}
VERSION = "refs/heads/template/v2.0.0"


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with edits of its owner."""
    project = start(tmp_path_factory.mktemp("kills"), ONE, TWO)
    edit(project, {"edited": number(20, l20="mine"), "mine": "mine\n"})
    return project


def spread(count: int, seconds: float) -> list[float]:
    """Moments all over an update, each of them anywhere in its part."""
    dice = random.Random(7)
    return [seconds * (n + dice.random()) / count for n in range(count)]


@pytest.mark.parametrize("how", ["branch", "apply", "conflict"])
def test_a_kill_leaves_all_or_nothing(fresh: Path, tmp_path: Path, how: str) -> None:
    try_kills(fresh, tmp_path, how, count=3)


@pytest.mark.updates
@pytest.mark.nightly
@pytest.mark.parametrize("how", ["branch", "apply", "conflict"])
def test_a_hundred_kills_leave_all_or_nothing(fresh: Path, tmp_path: Path, how: str) -> None:
    try_kills(fresh, tmp_path, how, count=34)


def try_kills(fresh: Path, tmp_path: Path, how: str, count: int) -> None:
    seconds = time_update(copy_project(fresh, tmp_path, how), tmp_path, how)
    for moment in spread(count, seconds):
        project = copy_project(fresh, tmp_path, how)
        kill_update(project, tmp_path, how, moment)
        time_update(project, tmp_path, how)


def copy_project(fresh: Path, tmp_path: Path, how: str) -> Path:
    project = tmp_path / "project"
    shutil.rmtree(project, ignore_errors=True)
    shutil.copytree(fresh, project)
    git("status", folder=project)  # The copy has other times than the index.
    if how == "conflict":
        edit(project, {"edited": number(20, l1="mine")})
    (project / "edited.mine").write_text("unknown\n")
    return project


def environment(tmp_path: Path) -> dict[str, str]:
    return {"XDG_CACHE_HOME": str(tmp_path / "cache"), "TMPDIR": str(fresh_folder(tmp_path))}


def fresh_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "tmp"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def time_update(project: Path, tmp_path: Path, how: str) -> float:
    """Update once; give how long it took, up to what is printed at the end."""
    began = time.monotonic()
    arguments = ["--apply"] if how == "apply" else []
    process = start_update(project, *arguments, **environment(tmp_path))
    out, err = process.communicate(timeout=120)
    if how == "conflict":
        is_open = process.returncode == 2 and "finish that update there" in err
        assert process.returncode == 1 or is_open, out + err
    else:
        assert process.returncode == 0, out + err
    return time.monotonic() - began


def kill_update(project: Path, tmp_path: Path, how: str, moment: float) -> None:
    """Kill an update, and check that it was all or nothing."""
    before = state(project)
    arguments = ["--apply"] if how == "apply" else []
    process = start_update(project, *arguments, **environment(tmp_path))
    time.sleep(moment)
    if how == "apply":
        process.kill()
    else:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    wait_for_git(project)
    after = state(project)
    if how == "apply" and after["head"] != before["head"]:
        assert (project / "src" / "1.py").read_text() == number(20, l1="theirs")
        assert (project / "edited").read_text() == number(20, l1="x", l20="mine")
        assert git("status", "--porcelain", folder=project) == "?? edited.mine\n"
    else:
        branches = before.pop("branches").splitlines(), after.pop("branches").splitlines()
        assert after == before
        more = set(branches[1]) - set(branches[0])
        assert {line.split()[-1] for line in more} <= {VERSION}
        assert set(branches[0]) <= set(branches[1])
    told = git("fsck", "--no-dangling", "--connectivity-only", folder=project)
    assert "missing" not in told


def wait_for_git(project: Path) -> None:
    """Wait for a merge that outlives its caller: a checkout is not stopped half way."""
    for _ in range(100):
        time.sleep(0.05)
        if not (project / ".git" / "index.lock").exists():
            break
    time.sleep(0.3)
