"""Which Git an update needs is told before anything is done, and what a clone may lack."""

from pathlib import Path

import pytest
from conftest import git
from updates import at, edit, number, run, start, state, update

OLD = """\
#!/bin/sh
echo "$@" >> "$0.log"
echo "git version {version}"
test "$1" = version
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return start(tmp_path, {"a": number(9), "b/c": "c\n"}, {"a": number(9, l1="x"), "b/c": "d\n"})


def put_on_path(folder: Path, version: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a Git of a version first on PATH that does nothing; return where it notes its calls."""
    folder.mkdir()
    program = folder / "git"
    program.write_text(OLD.format(version=version))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    return folder / "git.log"


@pytest.mark.parametrize("command", ["update", "preview", "adopt", "doctor"])
@pytest.mark.parametrize("version", ["2.37.7", "2.30.1 (Apple Git-130)", "1.9.5.msysgit.0"])
def test_an_old_git_is_reported_first(
    project: Path, monkeypatch: pytest.MonkeyPatch, command: str, version: str
) -> None:
    before = state(project)
    with monkeypatch.context() as patched:
        calls = put_on_path(project.parent / "bin", version, patched)
        told = run(command, project)
    assert told.code == 2
    needs = f"copier-ml: git {version} is too old to merge updates; install git 2.38 or newer\n"
    assert (told.out, told.err) == ("", needs)
    assert calls.read_text() == "version\n"
    assert state(project) == before


@pytest.mark.parametrize("version", ["2.38.0", "2.44.0.windows.1", "3.0.0"])
def test_a_git_that_is_new_enough_is_asked_for_more(
    project: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    calls = put_on_path(project.parent / "bin", version, monkeypatch)
    run("preview", project)
    assert calls.read_text().splitlines()[1].startswith("rev-parse")


def clone(project: Path, *options: str) -> Path:
    """Clone a project without some of its objects."""
    folder = project.parent / "partial"
    git("config", "uploadpack.allowFilter", "true", folder=project)
    git("clone", "--quiet", *options, project.as_uri(), str(folder), folder=project)
    return folder


@pytest.mark.parametrize("checkout", [["--no-checkout"], []], ids=["bare", "checked out"])
@pytest.mark.parametrize("without", ["blob:none", "tree:0"])
def test_a_partial_clone_is_completed(project: Path, without: str, checkout: list[str]) -> None:
    edit(project, {"a": number(9, l9="mine"), "mine": "mine\n"})
    folder = clone(project, f"--filter={without}", *checkout)
    assert run("doctor", folder, "--trust").err == ""
    assert run("preview", folder, "--trust").code == 0
    update(folder)
    assert at(folder, "a") == number(9, l1="x", l9="mine").encode()
    assert at(folder, "b/c") == b"d\n"


def test_a_partial_clone_without_its_remote_is_one_line(project: Path) -> None:
    folder = clone(project, "--filter=blob:none", "--no-checkout")
    away = project.rename(project.parent / "away")
    for command in ("update", "preview", "adopt", "doctor"):
        told = run(command, folder)
        assert told.code == 2
        assert told.err.startswith(f"copier-ml: {folder} is a partial clone and origin does not")
        assert "run 'git fetch --refetch --no-filter' when it does" in told.err
        assert told.err.count("\n") == 1

    away.rename(project)
    git("fetch", "--quiet", "--refetch", "--no-filter", folder=folder)
    project.rename(away)
    update(folder)
    assert at(folder, "b/c") == b"d\n"
