"""What is wrong in a project is found, and named with what helps."""

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from conftest import git
from diagnosed import FILE, ask, diagnose, edit, make, only
from tiny import adopt, commit, make_template, write

from copier_ml.cli import main


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_template(tmp_path_factory.mktemp("template"))


@pytest.fixture(scope="module")
def made(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(template, tmp_path_factory.mktemp("made") / "churn", project_name="Churn")


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "churn"))


def test_a_project_that_was_just_made_is_well(project: Path) -> None:
    assert diagnose(project) == {
        "project": "churn",
        "version": "v1.1.0",
        "newest": "v1.1.0",
        "findings": [],
        "notes": [],
        "edited": [],
        "owned": [],
        "deleted": [],
        "renamed": {},
        "extra": [],
        "machine": [],
    }
    expected = "churn: no findings (template v1.1.0)\n"
    assert ask(project, "--trust") == (0, expected)


def test_what_the_owner_did_with_the_templates_files_is_told(project: Path) -> None:
    git("mv", "src/churn/train.py", "src/churn/fit.py", folder=project)
    git("rm", "--quiet", "docs/index.md", folder=project)
    commit(project, {"README.md": "# Mine\n", "CHANGELOG.md": "# Mine\n", "mine.py": "x = 1\n"})
    (project / os.fsdecode(b"no-text-\xff")).write_text("mine\n")
    report = diagnose(commit(project, {}))
    assert report["edited"] == ["README.md"]  # The changelog is theirs.
    assert report["deleted"] == ["docs/index.md"]
    assert report["renamed"] == {"src/churn/train.py": "src/churn/fit.py"}
    assert report["extra"] == ["mine.py", "no-text-\udcff"]
    code, text = ask(project, "--trust")
    assert code == 0
    assert "- 1 file of the template edited: README.md\n" in text


def test_what_an_adoption_kept_is_no_edit(template: Path, tmp_path: Path) -> None:
    mine = {"README.md": "# Mine\n", "docs/index.md": "Mine, not theirs.\n", "COPYING": "Mine.\n"}
    project = commit(tmp_path / "churn", mine)
    assert adopt(template, project, "--yes") == 0
    git("merge", "--quiet", "template/adopt-v1.1.0", folder=project)
    later = {"docs/index.md": "Mine, and later.\n", "src/churn/train.py": "mine = 1\n"}
    report = diagnose(commit(project, later))
    assert report["owned"] == ["README.md", "docs/index.md"]
    assert report["edited"] == ["src/churn/train.py"]
    _, text = ask(project, "--trust")
    assert "of yours kept instead of the template's: README.md, docs" in text
    assert "- 1 file of the template missing: LICENSE\n" in text


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        ({"colour": "red"}, "colour is not a question"),
        ({"license": "Proprietary"}, "has_gpu does not apply with the other answers"),
        ({"license": "GPL"}, "license is 'GPL', which is invalid"),
        ({"features": ["docs", "moon"]}, "features is ['docs', 'moon'], which is invalid"),
        ({"license": None}, "license has no answer"),
        ({"license": "Proprietary"}, "license was 'MIT' in "),
        ({"_src_path": None}, "it has no text for _src_path"),
        ({"_commit": 7}, "it has no text for _commit"),
    ],
)
def test_answers_that_were_edited_by_hand(
    project: Path, answers: dict[str, Any], says: str
) -> None:
    findings = diagnose(edit(project, **answers))["findings"]
    found = [it for it in findings if it["found"].startswith(says)]
    assert [it["subject"] for it in found] == [FILE]
    assert all(found[0].values())


def test_an_edit_that_was_taken_back_is_none(project: Path) -> None:
    edit(project, license="Proprietary")
    assert diagnose(edit(project, license="MIT"))["findings"] == []


def test_answers_that_an_update_changed_are_no_edit(project: Path) -> None:
    changed = ["--trust", "--apply", "--data", "license=Proprietary"]
    assert main(["update", str(project), *changed]) == 0
    assert diagnose(project)["findings"] == []
    assert "is now 'MIT'" in diagnose(edit(project, license="MIT"))["findings"][0]["found"]


def test_answers_that_are_not_committed(project: Path) -> None:
    write(project, {FILE: "not committed\n"})
    assert only(diagnose(project))["found"] == "it has uncommitted changes"


@pytest.mark.parametrize(
    ("text", "says"), [("[\n", "it has no answers"), ("- 1\n", "it has no answers")]
)
def test_answers_that_are_none(project: Path, text: str, says: str) -> None:
    assert only(diagnose(commit(project, {FILE: text})))["found"] == says


def test_answers_that_were_deleted(project: Path) -> None:
    git("rm", "--quiet", FILE, folder=project)
    assert only(diagnose(commit(project, {})))["found"] == "it was deleted"


def test_conflict_markers_and_rejected_hunks(project: Path) -> None:
    marked = "<<<<<<< mine\na\n=======\nb\n>>>>>>> theirs\n"
    files = {"src/churn/train.py": marked, "notes.rst": "A title\n=======\n"}
    commit(project, files | {".gitignore": "*.rej\n"})
    write(project, {"README.md.rej": "@@\n", "LICENSE.orig": "\n"})
    findings = diagnose(project)["findings"]
    assert [it["subject"] for it in findings] == [
        "src/churn/train.py",
        "LICENSE.orig",
        "README.md.rej",
    ]


def test_unfinished_updates(template: Path, tmp_path: Path) -> None:
    project = make(template, tmp_path / "p", "v1.0.0", package_name="churn")
    commit(project, {"src/churn/train.py": "first = 1\n\n\n\n\n\nlast = 9\n"})
    git("branch", "template/idea-of-mine", folder=project)
    assert main(["update", str(project), "--trust"]) == 1
    waiting = only(diagnose(project))
    assert waiting["subject"] == "template/v1.1.0"
    assert waiting["found"].startswith("an unfinished update in ")

    folder = waiting["found"].removeprefix("an unfinished update in ")
    git("worktree", "remove", "--force", folder, folder=project)
    report = diagnose(project)
    assert report["findings"] == []
    assert (
        "template/v1.1.0 is merged; delete it with 'git branch -d template/v1.1.0'"
        in report["notes"]
    )

    later = git("commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", "update", folder=project)
    git("branch", "--force", "template/v1.1.0", later.strip(), folder=project)
    assert only(diagnose(project))["found"] == "an update that is not merged"


def test_a_project_in_a_folder_of_a_repository(made: Path, tmp_path: Path) -> None:
    project = tmp_path / "models" / "churn"
    shutil.copytree(made, project, ignore=shutil.ignore_patterns(".git"))
    commit(tmp_path, {"README.md": "<<<<<<< a\n>>>>>>> b\n", "models/churn/README.md": "# Mine\n"})
    report = diagnose(project)
    assert (report["findings"], report["edited"]) == ([], ["README.md"])


def test_what_is_no_project_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = commit(tmp_path / "p", {"README.md": ""})
    assert main(["doctor", str(folder)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("run 'copier-ml adopt' to add one")
