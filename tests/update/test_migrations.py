"""What owners changed follows what the template moved, in throw-away templates."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from conftest import ROOT, git
from copier import run_copy, run_update
from owner import commit
from packaging.version import Version
from small_template import Template, machinery

MIGRATIONS = ROOT / "extensions" / "migrations"
LINES = [f"line {n}\n" for n in range(1, 21)]
SIDES = ("1", "2", "3")
"""Stages of git's index: base, owner's and template's."""


@pytest.fixture
def template(tmp_path: Path) -> Template:
    made = Template(tmp_path / "template")
    made.release("1.0.0", **{"a.txt": "".join(LINES)})
    return made


@pytest.fixture
def project(template: Template, tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    run_copy(str(template.folder), folder, defaults=True, unsafe=True, quiet=True)
    commit(folder, "start")
    return folder


def rename(template: Template, new: str = "b.txt", **changed: str) -> None:
    """Release the file under another name, with lines changed."""
    path = f"template/{new}"
    template.release("1.1.0", f"Rename('a.txt', {new!r})", **{"a.txt": None, new: edit(**changed)})
    assert (template.folder / path).exists()


def edit(**changed: str) -> str:
    """Give the file with other lines; `line_3` is the third."""
    lines = list(LINES)
    for name, text in changed.items():
        lines[int(name.removeprefix("line_")) - 1] = f"{text}\n"
    return "".join(lines)


def change(project: Path, **changed: str) -> None:
    """Let the owner edit the file and commit it."""
    (project / "a.txt").write_text(edit(**changed))
    commit(project, "mine")


def update(project: Path) -> None:
    run_update(project, defaults=True, overwrite=True, unsafe=True, quiet=True)


def migrate(template: Template, project: Path, stage: str, **environment: str) -> str:
    """Run the migration of 1.1.0 as Copier does, and return what it tells."""
    versions = {"STAGE": stage, "VERSION_PEP440_FROM": "1.0.0", "VERSION_PEP440_TO": "1.1.0"}
    script = template.folder / "extensions" / "migrations" / "run.py"
    done = subprocess.run(
        [sys.executable, script, ".copier-answers.yml"],
        cwd=project,
        env=os.environ | versions | environment,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


def unmerged(project: Path, *path: str) -> str:
    return git("ls-files", "--unmerged", "--", *path, folder=project)


@pytest.mark.parametrize("new", ["b.txt", "docs/a note.txt"])
def test_edits_follow_a_renamed_file(template: Template, project: Path, new: str) -> None:
    change(project, line_3="mine")
    rename(template, new, line_17="theirs")
    update(project)

    assert not (project / "a.txt").exists()
    assert (project / new).read_text() == edit(line_3="mine", line_17="theirs")
    assert not unmerged(project)

    migrate(template, project, "after")
    assert (project / new).read_text() == edit(line_3="mine", line_17="theirs")
    assert not unmerged(project)


def test_a_file_that_nobody_edited_is_the_templates(template: Template, project: Path) -> None:
    rename(template, line_17="theirs")
    update(project)
    assert git("status", "--porcelain", folder=project).splitlines() == [
        " M .copier-answers.yml",
        " D a.txt",
        "?? b.txt",
    ]
    assert (project / "b.txt").read_text() == edit(line_17="theirs")


def test_a_conflict_has_a_true_base(template: Template, project: Path) -> None:
    change(project, line_3="mine", line_10="mine")
    rename(template, line_10="theirs", line_17="theirs")
    update(project)

    text = (project / "b.txt").read_text()
    assert text.startswith(edit(line_3="mine")[: text.index("<<<<<<<")])
    assert text.count("<<<<<<< before updating") == 1
    assert "mine\n||||||| last update\nline 10\n=======\ntheirs\n>>>>>>> after updating\n" in text
    assert text.endswith("line 16\ntheirs\nline 18\nline 19\nline 20\n")
    sides = [git("show", f":{stage}:b.txt", folder=project) for stage in SIDES]
    assert sides == [
        edit(),
        edit(line_3="mine", line_10="mine"),
        edit(line_10="theirs", line_17="theirs"),
    ]

    migrate(template, project, "after")
    assert (project / "b.txt").read_text() == text


def test_a_file_that_the_owner_deleted_stays_deleted(template: Template, project: Path) -> None:
    (project / "a.txt").unlink()
    commit(project, "mine")
    rename(template, line_17="theirs")
    update(project)
    assert not (project / "b.txt").exists()
    assert git("status", "--porcelain", folder=project) == " M .copier-answers.yml\n"


def test_a_file_of_the_owners_is_no_file_of_the_template(tmp_path: Path) -> None:
    template = Template(tmp_path / "template")
    template.release("1.0.0", **{"other.txt": "other\n"})
    project = tmp_path / "project"
    run_copy(str(template.folder), project, defaults=True, unsafe=True, quiet=True)
    (project / "a.txt").write_text("mine\n")
    commit(project, "start")

    template.release("1.1.0", "Rename('a.txt', 'b.txt')", **{"b.txt": "theirs\n"})
    update(project)
    assert (project / "a.txt").read_text() == "mine\n"
    assert (project / "b.txt").read_text() == "theirs\n"
    migrate(template, project, "before", COPIER_ML_UPDATE="1")
    assert (project / "a.txt").read_text() == "mine\n"


def test_a_path_that_the_owner_uses_keeps_both(
    template: Template, project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    change(project, line_3="mine")
    (project / "b.txt").write_text("mine alone\n")
    commit(project, "mine")
    rename(template, line_17="theirs")
    update(project)
    assert (project / "a.txt").read_text() == edit(line_3="mine")
    assert "mine alone" in (project / "b.txt").read_text()
    assert "a.txt was not changed: its new path is b.txt" in capfd.readouterr().err


def test_edits_follow_through_two_renames(template: Template, project: Path) -> None:
    change(project, line_3="mine")
    rename(template)
    template.release(
        "1.2.0",
        "Rename('b.txt', 'src/{package_name}/c.txt')",
        **{"b.txt": None, "src/{{ package_name }}/c.txt": edit(line_17="theirs")},
    )
    update(project)
    moved = project / "src" / "churn" / "c.txt"
    assert moved.read_text() == edit(line_3="mine", line_17="theirs")
    assert not (project / "b.txt").exists()


def test_windows_lines_and_the_right_to_run_are_kept(template: Template, project: Path) -> None:
    (project / "a.txt").write_bytes(edit(line_3="mine").replace("\n", "\r\n").encode())
    (project / "a.txt").chmod(0o755)
    commit(project, "mine")
    rename(template, line_17="theirs")
    update(project)
    wanted = edit(line_3="mine", line_17="theirs").replace("\n", "\r\n")
    assert (project / "b.txt").read_bytes() == wanted.encode()
    assert os.access(project / "b.txt", os.X_OK)


def test_a_file_that_is_no_text_is_the_owners_and_told(
    template: Template, project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (project / "a.txt").write_bytes(b"\0mine")
    commit(project, "mine")
    rename(template, line_17="theirs")
    update(project)
    assert (project / "b.txt").read_bytes() == b"\0mine"
    assert "git checkout --theirs -- b.txt" in capfd.readouterr().err
    git("checkout", "--theirs", "--", "b.txt", folder=project)
    assert (project / "b.txt").read_text() == edit(line_17="theirs")


def test_a_project_may_be_a_folder_of_its_repository(template: Template, tmp_path: Path) -> None:
    project = tmp_path / "repository" / "models" / "churn"
    project.parent.mkdir(parents=True)
    run_copy(str(template.folder), project, defaults=True, unsafe=True, quiet=True)
    (project / "a.txt").write_text(edit(line_3="mine"))
    commit(tmp_path / "repository", "start")
    rename(template, line_3="theirs")
    update(project)
    assert len(unmerged(project, "b.txt").splitlines()) == len(SIDES)
    assert git("show", ":2:./b.txt", folder=project) == edit(line_3="mine")


def test_a_version_that_is_gone_keeps_the_file(template: Template, project: Path) -> None:
    change(project, line_3="mine")
    rename(template)
    (project / "a.txt").unlink()
    (project / "b.txt").write_text(edit())
    git("tag", "--delete", "v1.0.0", folder=template.folder)
    told = migrate(template, project, "after")
    assert (project / "a.txt").read_text() == edit(line_3="mine")
    assert told.startswith("a.txt was not changed: its template version is not available")
    assert len(told.splitlines()) == 1


@pytest.mark.parametrize("is_known", [True, False])
def test_for_an_update_of_ours_git_sees_the_owner_rename(
    template: Template, project: Path, is_known: bool
) -> None:
    old = git("rev-parse", "HEAD", folder=project).strip()
    change(project, line_3="mine")
    rename(template, "docs/b.txt", line_17="theirs")
    environment = {"COPIER_ML_UPDATE": "1"} | ({"COPIER_ML_OLD": old} if is_known else {})
    for _ in range(2):
        migrate(template, project, "before", **environment)
        renamed = "R  a.txt -> docs/b.txt\n"
        assert git("status", "--porcelain", folder=project) == renamed
    migrate(template, project, "after", **environment)
    assert (project / "docs" / "b.txt").read_text() == edit(line_3="mine")


def test_our_own_update_follows_and_moves_as_well(template: Template, project: Path) -> None:
    change(project, line_3="mine")
    (project / "config").mkdir()
    (project / "config" / "mine.yaml").write_text("seed: 1\n")
    commit(project, "mine")
    template.release(
        "1.1.0",
        "Rename('a.txt', 'docs/b.txt')",
        "MoveSetting('seed', 'start')",
        **{"a.txt": None, "docs/b.txt": edit(line_17="theirs")},
    )
    command = [sys.executable, "-m", "copier_ml", "update", "--trust", "--apply"]
    subprocess.run(command, cwd=project, check=True)
    assert git("status", "--porcelain", folder=project) == ""
    assert not (project / "a.txt").exists()
    assert (project / "docs" / "b.txt").read_text() == edit(line_3="mine", line_17="theirs")
    assert (project / "config" / "mine.yaml").read_text() == "start: 1\n"


def test_a_link_of_an_untrusted_project_leads_no_edit_out_of_it(
    template: Template, project: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    for name in ("a.yaml", "b.yaml"):
        (outside / name).write_text("seed: 1\n")
    (project / "config").mkdir()
    (project / "config" / "a.yaml").symlink_to(outside / "a.yaml")
    (project / "docs").symlink_to(outside)
    change(project, line_3="mine")
    template.release(
        "1.1.0",
        "MoveSetting('seed', 'start')",
        "AddSetting('docs/b.yaml', 'port: 80')",
        "Rename('a.txt', 'docs/deep/c.txt')",
        **{"a.txt": None, "docs/deep/c.txt": edit(line_17="theirs")},
    )
    command = [sys.executable, "-m", "copier_ml", "update", "--trust"]
    done = subprocess.run(command, cwd=project, check=False, capture_output=True, encoding="utf-8")
    assert "config/a.yaml: move seed to start by hand, because config/a.yaml leads out of the" in (
        done.stderr
    )
    assert {path.name: path.read_text() for path in outside.iterdir()} == {
        "a.yaml": "seed: 1\n",
        "b.yaml": "seed: 1\n",
    }


def test_answers_lead_no_edit_out_of_the_project(tmp_path: Path) -> None:
    outside = tmp_path / "outside.yaml"
    outside.write_text("seed: 1\n")
    template = Template(tmp_path / "template")
    template.release("1.0.0", **{"a.txt": "a\n"})
    project = tmp_path / "project"
    run_copy(str(template.folder), project, defaults=True, unsafe=True, quiet=True)
    answers = yaml.safe_load((project / ".copier-answers.yml").read_text())
    answers["package_name"] = f"{'../' * 30}{outside.with_suffix('').relative_to('/')}"
    (project / "config").mkdir()
    (project / "config" / "other.yaml").write_text("a: 1\n")
    (project / ".copier-answers.yml").write_text(yaml.safe_dump(answers))
    commit(project, "hostile")
    template.release("1.1.0", "MoveKey('config/{package_name}.yaml', 'seed', 'start')")
    command = [sys.executable, "-m", "copier_ml", "update", "--trust"]
    done = subprocess.run(command, cwd=project, check=False, capture_output=True, encoding="utf-8")
    assert "Traceback" not in done.stderr
    assert "leads out of the project" in done.stderr
    assert outside.read_text() == "seed: 1\n"


def test_a_question_takes_the_answer_of_one_that_is_gone(tmp_path: Path) -> None:
    template = Template(tmp_path / "template")
    template.settings["colour"] = {"default": "grey"}
    template.release("1.0.0")
    project = tmp_path / "project"
    answers = {"colour": "red"}
    run_copy(str(template.folder), project, answers, defaults=True, unsafe=True, quiet=True)
    commit(project, "start")
    del template.settings["colour"]
    template.settings["paint"] = {"default": "{{ colour | default('grey') }}"}
    template.release("1.1.0")
    template.settings["varnish"] = {"default": "{{ paint }}"}
    template.release("1.2.0")
    update(project)
    recorded = yaml.safe_load((project / ".copier-answers.yml").read_text())
    assert recorded["varnish"] == recorded["paint"] == "red"
    assert "colour" not in recorded


def test_copier_is_told_of_the_newest_script_and_given_lists() -> None:
    settings = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))
    scripts = [path for path in MIGRATIONS.glob("*.py") if path not in machinery()]
    versions = [Version(path.stem[1:].replace("_", ".")) for path in scripts]
    assert Version(settings["_migrations"][0]["version"]) == max(versions, default=Version("0.0.0"))
    for row in (*settings["_tasks"], *settings["_migrations"]):
        assert isinstance(row["command"], list)


def test_only_versions_that_are_passed_are_migrated(template: Template, project: Path) -> None:
    template.release("1.1.0", "Rename('x', 'y')")
    template.release("1.2.0", "MoveKey('a.yaml', 'old', 'new')")
    (project / "a.yaml").write_text("old: 1\n")
    migrate(template, project, "after")
    assert (project / "a.yaml").read_text() == "old: 1\n"
    migrate(template, project, "after", VERSION_PEP440_TO="1.2.0")
    assert (project / "a.yaml").read_text() == "new: 1\n"
    (project / "a.yaml").write_text("old: 1\n")
    migrate(template, project, "after", VERSION_PEP440_FROM="1.2.0", VERSION_PEP440_TO="2.0")
    assert (project / "a.yaml").read_text() == "old: 1\n"
