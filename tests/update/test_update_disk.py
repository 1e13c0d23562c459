"""A full disk is named in one line, with what helps."""

import errno
import os
import shutil
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest
from disks import small_disk
from updates import start, state

from copier_ml.shared import disk
from copier_ml.shared.errors import RefusalError, describe
from copier_ml.shared.git import GitError

ONE = {f"src/{n}.py": "1\n" * 999 for n in range(50)}
TWO = dict.fromkeys(ONE, "2\n" * 9999)
NO_SPACE = "No space left on device"

Usage = namedtuple("Usage", "free")  # noqa: PYI024  (stands for that of shutil)


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Free bytes by the beginning of a path; the rest has plenty."""
    found: dict[str, int] = {}

    def measure(path: Path) -> Usage:
        sizes = (size for start, size in found.items() if str(path).startswith(start))
        return Usage(next(sizes, 2**40))

    monkeypatch.setattr("shutil.disk_usage", measure)
    return found


def fail(folder: Path, text: str) -> GitError:
    return GitError(subprocess.CompletedProcess(["git"], 128, b"", text.encode()), folder)


def test_the_disk_of_a_path_is_named(tmp_path: Path, free: dict[str, int]) -> None:
    free[str(tmp_path)] = 3 * 2**20
    below = tmp_path / "gone" / "file"
    mount = next(folder for folder in tmp_path.parents if folder.is_mount())
    told = f"{mount} has 3 MB free; free some more"
    for code in (errno.ENOSPC, errno.EDQUOT):
        line = describe(OSError(code, os.strerror(code), str(below)))
        assert line.startswith(f"{os.strerror(code)}: {told}")
    for text in (f"fatal: x: {NO_SPACE}", "error: unable to write file x", "couldn't write 'x'"):
        assert describe(fail(below, text)).startswith(f"{NO_SPACE}: {told}")
    with pytest.raises(OSError, match=NO_SPACE) as raised, disk.naming(below):
        raise OSError(errno.ENOSPC, NO_SPACE)
    assert describe(raised.value).startswith(f"{NO_SPACE}: {told}")


@pytest.mark.usefixtures("free")
def test_what_is_no_full_disk_is_told_as_it_was(tmp_path: Path) -> None:
    assert describe(fail(tmp_path, "error: unable to write file x")).endswith("write file x")
    assert describe(PermissionError(errno.EACCES, "Permission denied", "x")).startswith("x: Perm")
    told = f"{NO_SPACE}: /mnt has 0 MB free"
    assert describe(RefusalError(told)) == told


@pytest.mark.parametrize("size", ["4k", "100k", "400k", "1400k"])
def test_temporary_files_may_go_elsewhere(tmp_path: Path, size: str) -> None:
    project = start(tmp_path, ONE, TWO)
    before = state(project)
    within = small_disk(tmp_path / "disk", size)
    told = run(within, {"TMPDIR": str(tmp_path / "disk")}, "update", str(project), "--trust")
    assert f"{NO_SPACE}: {tmp_path / 'disk'} has " in told
    assert told.endswith("MB free; free some more, or set TMPDIR to a folder on another disk\n")
    assert state(project) == before


def test_a_new_project_needs_room(tmp_path: Path) -> None:
    template = start(tmp_path, ONE, TWO).parent / "template"
    dest = str(tmp_path / "disk" / "churn")
    command = ("new", dest, "--template", str(template), "--defaults", "--quiet")
    told = run(small_disk(tmp_path / "disk", "400k"), {}, *command)
    assert f"{NO_SPACE}: {tmp_path / 'disk'} has 0 MB free; free some more\n" in told


def test_an_update_that_stops_half_way_says_so(tmp_path: Path) -> None:
    project = start(tmp_path, ONE, TWO)
    within = small_disk(tmp_path / "disk", "900k")
    shutil.copytree(project, tmp_path / "kept")
    moved = tmp_path / "disk" / "project"
    within[-2] = within[-2].replace("&&", f"&& cp -r {tmp_path / 'kept'} {moved} &&", 1)
    told = run(within, {}, "update", str(moved), "--trust", "--apply")
    assert f"{NO_SPACE}: {tmp_path / 'disk'} has " in told
    assert told.endswith("; 'git status' shows which files were written\n")


def run(within: list[str], environment: dict[str, str], *arguments: str) -> str:
    """Run a command that fails; give its only line."""
    done = subprocess.run(
        [*within, sys.executable, "-m", "copier_ml", *arguments],
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode in (1, 2), done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr
