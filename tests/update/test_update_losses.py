"""What `copier update` loses in silence is carried over by `copier-ml update`, or named."""

import os
import shutil
import stat
from pathlib import Path

import pytest
from conftest import git
from owner import commit
from updates import (
    at,
    edit,
    files_of,
    listed,
    make_project,
    make_template,
    number,
    start,
    state,
    update,
    worktree,
    write,
)

from copier_ml.update.merge import has_hunks

CONFLICTS = "Conflicts"
KEPT = "Left alone"


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_an_edit_follows_a_file_that_the_template_renames(tmp_path: Path) -> None:
    project = start(tmp_path, {"a.txt": number(20)}, {"b.txt": number(20, l2="theirs")})
    edit(project, {"a.txt": number(20, l15="mine")})
    update(project)
    assert at(project, "b.txt") == number(20, l2="theirs", l15="mine").encode()
    assert at(project, "a.txt") is None


def test_an_edited_file_that_the_template_deletes_is_a_conflict(tmp_path: Path) -> None:
    project = start(tmp_path, {"a.txt": number(9), "b.txt": "b\n"}, {"b.txt": "b\n"})
    edit(project, {"a.txt": number(9, l3="mine")})
    told = update(project, expect=1)
    assert [row.split(":")[0] for row in listed(told.out, CONFLICTS)] == ["a.txt"]


def test_an_edited_file_of_a_feature_that_is_switched_off_is_a_conflict(tmp_path: Path) -> None:
    project = start(tmp_path, {"extra.txt": number(9)}, {"extra.txt": number(9)})
    edit(project, {"extra.txt": number(9, l3="mine")})
    told = update(project, "--data", "extra=false", expect=1)
    assert [row.split(":")[0] for row in listed(told.out, CONFLICTS)] == ["extra.txt"]
    assert listed(told.out, "Changed answers") == ["extra: true -> false"]


def test_an_untouched_file_of_a_feature_goes_with_it(tmp_path: Path) -> None:
    project = start(tmp_path, {"extra.txt": "x\n"}, {"extra.txt": "x\n"})
    update(project, "--data", "extra=false")
    assert at(project, "extra.txt") is None


def test_a_binary_file_that_the_owner_replaced_is_kept(tmp_path: Path) -> None:
    one = {"same.bin": b"\0one", "both.bin": b"\0one"}
    project = start(tmp_path, one, {"same.bin": b"\0one", "both.bin": b"\0two"})
    edit(project, {"same.bin": b"\0mine", "both.bin": b"\0mine"})
    told = update(project, expect=1)
    assert listed(told.out, CONFLICTS) == [
        "both.bin: a binary file that you and the template changed: yours is kept"
    ]
    assert at(project, "same.bin", "HEAD") == b"\0mine"
    assert "same.bin" not in listed(told.out, "Files")


@pytest.mark.parametrize("is_global", [False, True])
def test_a_tracked_file_that_is_ignored_keeps_its_edits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_global: bool
) -> None:
    project = start(tmp_path, {"a.log": number(9)}, {"a.log": number(9, l1="theirs")})
    if is_global:
        (tmp_path / "ignored").write_text("*\n")
        config = f"[core]\n\texcludesFile = {tmp_path / 'ignored'}\n"
        (tmp_path / "config").write_text(config)
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
    else:
        write(project, {".gitignore": "*.log\n"})
        git("add", "--force", ".gitignore", folder=project)
    write(project, {"a.log": number(9, l9="mine")})
    git("commit", "--quiet", "--all", "--message", "edit", folder=project)
    update(project)
    assert at(project, "a.log") == number(9, l1="theirs", l9="mine").encode()


@pytest.mark.parametrize("ours", [".env", "deep/.env", "deep"])
@pytest.mark.parametrize("arguments", [[], ["--apply"]])
def test_a_file_that_git_does_not_know_is_not_written_over(
    tmp_path: Path, ours: str, arguments: list[str]
) -> None:
    theirs = "deep/.env" if ours == "deep" else ours
    project = start(tmp_path, {"a": "a\n"}, {"a": "a\n", theirs: "TOKEN=\n"})
    edit(project, {".gitignore": ".env\ndeep\n"})
    write(project, {ours: "TOKEN=secret\n"})
    before = state(project)
    told = update(project, *arguments, expect=2)
    assert told.err.count("\n") == 1
    assert f" {ours};" in told.err
    assert "nothing was changed" in told.err
    assert ours in listed(told.out, "Refused")
    assert state(project) == before


def test_a_broken_link_is_in_the_way_as_well(tmp_path: Path) -> None:
    project = start(tmp_path, {"a": "a\n"}, {"a": "a\n", "b": "b\n"})
    (project / "b").symlink_to("nowhere")
    assert " b;" in update(project, "--apply", expect=2).err
    assert (project / "b").is_symlink()


def test_the_templates_change_follows_a_file_that_the_owner_renamed(tmp_path: Path) -> None:
    project = start(tmp_path, {"a.txt": number(20)}, {"a.txt": number(20, l2="theirs")})
    git("mv", "a.txt", "mine.txt", folder=project)
    edit(project, {"mine.txt": number(20, l15="mine")})
    update(project)
    assert at(project, "mine.txt") == number(20, l2="theirs", l15="mine").encode()
    assert at(project, "a.txt") is None


def test_a_file_that_becomes_a_folder_and_the_reverse(tmp_path: Path) -> None:
    one = {"a": "a\n", "b/c": number(5)}
    project = start(tmp_path, one, {"a/d": "d\n", "b": "now a file\n"})
    update(project, "--apply")
    assert (project / "a" / "d").read_text() == "d\n"
    assert (project / "b").read_text() == "now a file\n"
    assert not git("status", "--porcelain", folder=project)


def test_a_folder_with_files_of_the_owners_does_not_become_a_file(tmp_path: Path) -> None:
    project = start(tmp_path, {"b/c": number(5)}, {"b": "now a file\n"})
    edit(project, {".gitignore": "*.mine\n"})
    write(project, {"b/x.mine": "mine\n"})
    assert " b/x.mine;" in update(project, "--apply", expect=2).err
    assert (project / "b" / "x.mine").read_text() == "mine\n"


def test_changes_in_lines_side_by_side_are_a_conflict(tmp_path: Path) -> None:
    project = start(tmp_path, {"a": number(9)}, {"a": number(9, l4="theirs")})
    edit(project, {"a": number(9, l5="mine")})
    told = update(project, expect=1)
    assert listed(told.out, CONFLICTS) == ["a: you and the template changed the same lines"]


def test_a_file_with_lines_of_windows_keeps_them_and_gets_the_change(tmp_path: Path) -> None:
    two = {"a": number(9, l1="theirs"), "b": b"\0\n", "c": b"windows\r\n", "moved": number(9)}
    one = {"a": number(9), "b": "text\n", "c": "unix\n", "d": number(9)}
    project = start(tmp_path, one, two)
    windows = number(9, l9="mine").replace("\n", "\r\n")
    edit(project, {"a": windows, "c": "unix\r\n", "d": windows})
    update(project)
    assert at(project, "a") == number(9, l1="theirs", l9="mine").replace("\n", "\r\n").encode()
    assert at(project, "b") == b"\0\n"
    assert at(project, "c") == b"windows\r\n"
    assert at(project, "moved") == windows.encode()


def test_a_text_of_windows_beside_a_binary_file_is_a_conflict(tmp_path: Path) -> None:
    project = start(tmp_path, {"a": "one\n"}, {"a": b"\0\n\n"})
    edit(project, {"a": "mine\r\n"})
    told = update(project, expect=1)
    assert git("show", ":3:a", folder=Path(told.out.split("  cd ")[1].split("\n")[0])) == "\0\n\n"


def test_a_mode_is_carried_over(tmp_path: Path) -> None:
    project = start(tmp_path, {"a": number(9)}, {"a": number(9, l1="theirs")})
    (project / "a").chmod(0o755)
    commit(project, "executable")
    update(project, "--apply")
    assert (project / "a").stat().st_mode & stat.S_IXUSR
    assert (project / "a").read_text() == number(9, l1="theirs")


def test_links_and_submodules_of_the_owner_stay(tmp_path: Path) -> None:
    project = start(tmp_path, {"a": "a\n", "b": number(9)}, {"a": "a\n", "b": number(9, l1="x")})
    other = make_template(tmp_path / "other", {"x": "x\n"})
    (project / "a").unlink()
    (project / "a").symlink_to("b")
    (project / "own").symlink_to("/nowhere")
    allow = ("-c", "protocol.file.allow=always")
    git(*allow, "submodule", "--quiet", "add", str(other), "vendored", folder=project)
    commit(project, "own things")
    before = git("ls-tree", "HEAD", "a", "own", "vendored", ".gitmodules", folder=project)
    update(project, "--apply")
    assert git("ls-tree", "HEAD", "a", "own", "vendored", ".gitmodules", folder=project) == before
    assert (project / "a").readlink() == Path("b")
    assert (project / "vendored" / "copier.yml").exists()
    assert not git("status", "--porcelain", folder=project)


def test_own_files_stay_beside_those_of_the_template(tmp_path: Path) -> None:
    project = start(tmp_path, {"src/a": "a\n"}, {"src/a": "b\n", "src/c": "c\n"})
    edit(project, {"src/mine": "mine\n"})
    update(project)
    assert at(project, "src/mine") == b"mine\n"
    assert at(project, "src/a") == b"b\n"
    assert at(project, "src/c") == b"c\n"


def test_files_that_are_the_owners_follow_until_they_are_touched(tmp_path: Path) -> None:
    one = {"owned.txt": number(9), "owned-b": number(9), "owned-c": number(9)}
    two = {"owned.txt": number(9, l1="x"), "owned-b": number(9, l1="x"), "owned-new": "theirs\n"}
    project = start(tmp_path, one, two)
    edit(project, {"owned.txt": number(9, l9="mine"), "owned-c": "mine\n", "owned-new": "mine\n"})
    told = update(project)
    assert sorted(listed(told.out, KEPT)) == [
        "owned-c: it is yours", "owned-new: it is yours", "owned.txt: it is yours"
    ]  # fmt: skip
    assert at(project, "owned.txt") == number(9, l9="mine").encode()
    assert at(project, "owned-b") == number(9, l1="x").encode()
    assert at(project, "owned-c") == b"mine\n"
    assert at(project, "owned-new") == b"mine\n"


def test_a_file_of_the_owners_follows_a_new_name_as_it_is(tmp_path: Path) -> None:
    one, two = {"owned-a": number(20)}, {"owned-b": number(20, l1="theirs")}
    project = start(tmp_path, one, two)
    edit(project, {"owned-a": number(20, l1="mine", l9="mine")})
    update(project)
    assert at(project, "owned-a") is None
    assert at(project, "owned-b") == number(20, l1="mine", l9="mine").encode()


def test_a_file_that_the_template_hands_over_stays(tmp_path: Path) -> None:
    one = {"a": "a\n", "given": "one\n"}
    later = {"_exclude": ["given"]}
    template = make_template(tmp_path / "template", one, {"a": "b\n"}, later=later)
    project = make_project(tmp_path / "project", template, one)
    update(project)
    assert at(project, "given") == b"one\n"


def test_a_deleted_file_stays_deleted(tmp_path: Path) -> None:
    one = {"a": number(20), "b": number(30), "c": "c\n"}
    project = start(tmp_path, one, {"a": number(20, l1="x"), "d": number(30), "c": "c\n"})
    edit(project, {"a": None, "b": None})
    told = update(project)
    rows = ["a: you deleted it", "d: you deleted it as b"]
    assert listed(told.out, KEPT) == rows
    assert files_of(project) == {".copier-answers.yml", "c"}


def test_an_empty_file_that_was_deleted_stands_for_no_other(tmp_path: Path) -> None:
    project = start(tmp_path, {"a": "a\n", "b/empty": ""}, {"a": "a\n", "c/empty": ""})
    edit(project, {"b/empty": None})
    update(project)
    assert at(project, "c/empty") == b""


def test_two_files_of_one_name_are_a_conflict_unless_they_agree(tmp_path: Path) -> None:
    two = {"a": "a\n", "new": "theirs\n", "same": "same\n"}
    project = start(tmp_path, {"a": "a\n"}, two)
    edit(project, {"new": "mine\n", "same": "same\n"})
    told = update(project, expect=1)
    assert listed(told.out, CONFLICTS) == ["new: you and the template added it"]


def test_a_file_of_the_owners_and_a_folder_of_one_name_are_a_conflict(tmp_path: Path) -> None:
    one = {"a": "a\n"}
    project = start(tmp_path, one, {"a": "a\n", "mine": "theirs\n", "folder/new": "theirs\n"})
    edit(project, {"folder": "mine\n", "mine/x": "mine\n"})
    told = update(project, expect=1)
    rows = sorted(row.split(": ")[0] for row in listed(told.out, CONFLICTS))
    assert rows == ["folder~your-project", "mine~template-v2.0.0"]
    assert (worktree(told) / "folder~your-project").read_text() == "mine\n"


BASE = number(9)


@pytest.mark.parametrize(
    ("mine", "result", "is_there"),
    [
        (number(9, l2="new"), number(9, l2="new", l8="theirs"), True),
        (number(9, l2="new"), number(9, l8="theirs"), False),
        (number(9, l2="new", l5="mine"), number(9, l2="new", l8="theirs"), False),
        (BASE + "mine\n", "theirs\n" + BASE + "mine\n", True),
        (BASE + "mine\n", "mine\n" + BASE, False),
        (BASE.replace("line 4\n", ""), BASE.replace("line 4\n", "").replace("8", "x"), True),
        (BASE.replace("line 4\n", ""), BASE.replace("8", "x"), False),
    ],
)
def test_a_text_has_the_hunks_that_the_template_made_too(
    mine: str, result: str, is_there: bool
) -> None:
    assert has_hunks(BASE.encode(), mine.encode(), result.encode()) is is_there


@pytest.mark.parametrize("mode", [0o644, 0o755])
def test_an_edit_that_the_template_makes_too_is_no_loss(tmp_path: Path, mode: int) -> None:
    """As after a backport, or where a bot bumped what the next release bumps."""
    two = number(9, l1="bumped", l5="theirs")
    project = start(tmp_path, {"a.txt": number(9)}, {"a.txt": two})
    (project / "a.txt").chmod(mode)
    edit(project, {"a.txt": number(9, l1="bumped")})
    update(project, "--apply")
    assert at(project, "a.txt", "HEAD") == two.encode()
    assert bool((project / "a.txt").stat().st_mode & stat.S_IXUSR) is (mode == 0o755)


@pytest.fixture
def lossy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose merge loses an edit.

    No way is known to have Git lose one, so this one merges the template with itself.
    """
    project = start(tmp_path, {"a.txt": number(9)}, {"a.txt": number(9, l1="theirs")})
    edit(project, {"a.txt": number(9, l9="mine")})
    programs = tmp_path / "programs"
    programs.mkdir()
    script = [
        "#!/bin/bash",
        '[[ " $* " != *" merge-tree "* ]] || set -- "${@:1:$#-2}" "${@: -1}" "${@: -1}"',
        f'exec {shutil.which("git")} "$@"',
    ]
    (programs / "git").write_text("\n".join(script) + "\n", encoding="utf-8")
    (programs / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    return project


def test_a_merge_that_loses_an_edit_is_refused(lossy: Path) -> None:
    before = state(lossy)
    told = update(lossy, expect=2)
    assert "your edits in a.txt would be lost" in told.err
    assert "--accept-loss a.txt" in told.err
    assert told.err.count("\n") == 1
    assert state(lossy) == before


def test_an_owner_may_accept_what_is_lost(lossy: Path) -> None:
    assert update(lossy, "--accept-loss", "b.txt", expect=2).err
    told = update(lossy, "--accept-loss", "a.txt")
    assert listed(told.out, "Your edits that are lost") == ["a.txt"]
    assert at(lossy, "a.txt") == number(9, l1="theirs").encode()
