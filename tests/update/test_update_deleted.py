"""What an answer or the owner removes: it goes, stays away, and comes back when asked for."""

from pathlib import Path

import pytest
from conftest import git
from owner import commit
from updates import at, edit, files_of, listed, make_project, make_template, start, update

KEPT = "Left alone"

OF_ALL_ANSWERS = ["{% if not _copier_answers.extra %}extra*{% endif %}"]
"""How ours leaves files out: by what an extension makes of all answers."""

CHOICES = "[features.extra]\npaths = ['extra.txt', 'deep/extra-*', 'late/']\n"


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_an_answer_removes_what_was_not_edited_and_names_the_rest(tmp_path: Path) -> None:
    files = {"a": "a\n", "extra.txt": "1\n2\n3\n", "extra-2.txt": "x\n"}
    project = start(tmp_path, files, files, _exclude=OF_ALL_ANSWERS)
    edit(project, {"extra.txt": "1\n2\nmine\n"})
    told = update(project, "--data", "extra=false", expect=1)
    assert [row.split(":")[0] for row in listed(told.out, "Conflicts")] == ["extra.txt"]
    assert listed(told.out, "Files")[1:] == ["extra-2.txt (deleted)"]


def test_an_owners_file_of_a_part_that_an_answer_removes_is_a_conflict(tmp_path: Path) -> None:
    files = {"a": "a\n", "extra-owned": "1\n2\n3\n", "extra-owned-2": "x\n"}
    skipped = ["extra-owned*"]
    project = start(tmp_path, files, files, _exclude=OF_ALL_ANSWERS, _skip_if_exists=skipped)
    edit(project, {"extra-owned": "1\n2\nmine\n"})
    told = update(project, "--data", "extra=false", expect=1)
    assert [row.split(":")[0] for row in listed(told.out, "Conflicts")] == ["extra-owned"]
    assert "extra-owned-2 (deleted)" in listed(told.out, "Files")


def test_what_a_version_hands_over_is_not_removed_by_another_answer(tmp_path: Path) -> None:
    files = {"a": "a\n", "extra.txt": "x\n", "handed": "h\n"}
    later = {"_exclude": [*OF_ALL_ANSWERS, "handed"]}
    project = start(tmp_path, files, files, _exclude=OF_ALL_ANSWERS, later=later)
    update(project, "--data", "extra=false", "--apply")
    assert files_of(project, "HEAD") == {".copier-answers.yml", "a", "handed"}


def test_a_part_that_is_added_and_removed_leaves_no_trace(tmp_path: Path) -> None:
    files = {"a": "a\n", "extra.txt": "x\n"}
    template = make_template(tmp_path / "template", files, _exclude=OF_ALL_ANSWERS)
    project = make_project(tmp_path / "project", template, {"a": "a\n"}, extra=False)
    update(project, "--data", "extra=true", "--apply")
    assert at(project, "extra.txt", "HEAD") == b"x\n"
    update(project, "--data", "extra=false", "--apply")
    start_tree, end_tree = (
        git("ls-tree", "-r", "--name-only", name, folder=project) for name in ("HEAD~2", "HEAD")
    )
    assert start_tree == end_tree


TWO = {"a": "a\n", "docs/a.md": "a\n", "docs/new.md": "new\n", "docs/deep/new.md": "deep\n"}


def start_without_docs(folder: Path) -> Path:
    project = start(folder, {"a": "a\n", "docs/a.md": "a\n", "docs/deep/b.md": "b\n"}, TWO)
    edit(project, {"docs/a.md": None, "docs/deep/b.md": None, "docs/mine.txt": "mine\n"})
    return project


def test_new_files_of_a_folder_that_was_deleted_stay_out_and_are_named(tmp_path: Path) -> None:
    project = start_without_docs(tmp_path)
    told = update(project)
    assert files_of(project) == {".copier-answers.yml", "a", "docs/mine.txt"}
    assert sorted(listed(told.out, KEPT)) == [
        "docs/deep/new.md: you deleted docs/; '--restore docs/deep/new.md' adds it",
        "docs/new.md: you deleted docs/; '--restore docs/new.md' adds it",
    ]


@pytest.mark.parametrize("at_once", [True, False])
def test_what_was_deleted_comes_back_when_it_is_asked_for(tmp_path: Path, at_once: bool) -> None:
    project = start_without_docs(tmp_path)
    if not at_once:
        update(project, "--apply")
    told = update(project, "--restore", "docs/", "--apply")
    assert not listed(told.out, KEPT)
    assert files_of(project, "HEAD") == {".copier-answers.yml", "docs/mine.txt", *TWO}
    assert at(project, "docs/a.md", "HEAD") == b"a\n"


def test_one_file_comes_back_alone(tmp_path: Path) -> None:
    project = start_without_docs(tmp_path)
    update(project, "--restore", "docs/new.md")
    assert files_of(project) >= {"docs/new.md"}
    assert not files_of(project) & {"docs/a.md", "docs/deep/new.md"}


def test_a_path_that_is_not_the_templates_cannot_be_restored(tmp_path: Path) -> None:
    project = start_without_docs(tmp_path)
    told = update(project, "--restore", "doc", expect=2)
    assert "--restore doc: the template has no such file or folder" in told.err


def test_a_folder_with_one_file_left_gets_new_ones(tmp_path: Path) -> None:
    project = start(tmp_path, {"docs/a.md": "a\n", "docs/b.md": "b\n"}, TWO)
    edit(project, {"docs/b.md": None})
    update(project)
    assert files_of(project) == {".copier-answers.yml", *TWO}


def test_new_files_of_a_part_that_was_deleted_stay_out(tmp_path: Path) -> None:
    one = {"a": "a\n", "extra.txt": "x\n", "deep/extra-1": "1\n", "deep/b": "b\n"}
    template = make_template(tmp_path / "template", one)
    (template / "extensions").mkdir()
    (template / "extensions" / "choices.toml").write_text(CHOICES)
    for name in ("extra-2", "other"):
        (template / "template" / "deep" / name).write_text(f"{name}\n")
    (template / "template" / "late").mkdir()
    (template / "template" / "late" / "c").write_text("c\n")
    commit(template, "release 2")
    git("tag", "v2.0.0", folder=template)
    project = make_project(tmp_path / "project", template, one)
    edit(project, {"extra.txt": None, "deep/extra-1": None})
    told = update(project)
    assert files_of(project) == {".copier-answers.yml", "a", "deep/b", "deep/other"}
    assert [row.partition(";")[0] for row in sorted(listed(told.out, KEPT))] == [
        "deep/extra-2: you deleted the part extra",
        "late/c: you deleted the part extra",
    ]
