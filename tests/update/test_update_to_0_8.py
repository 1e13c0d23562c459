"""0.8 made the package a core and parts: what an owner has, wrote and set is there afterwards."""

import re
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import ROOT, copy, git
from copier import run_update
from owner import commit
from updates import Told, listed, run, worktree

OWNED = ("data", "hyperparameters", "model", "schema")
MINE = '\n\ndef mine() -> None:\n    """Do what only this project does."""\n'

GONE = {"serving/export.py", "serving/test_drift.py"}
"""Files that later versions took out of projects."""

Update = Callable[[Path], str]

pytestmark = pytest.mark.usefixtures("nobody_answers")


def with_ours(project: Path) -> str:
    told = run("update", project, "--to", "v0.8.1", "--trust", "--apply")
    assert told.code == 0, told
    return told.err


def with_copier(project: Path) -> str:
    run_update(
        project,
        vcs_ref="v0.8.1",
        defaults=True,
        overwrite=True,
        unsafe=True,
        quiet=True,
        skip_tasks=True,
    )
    return ""


PLAIN = pytest.param(with_copier, marks=pytest.mark.updates)  # It takes twice as long.
BOTH = pytest.mark.parametrize("update", [with_ours, PLAIN], ids=["copier-ml", "copier"])


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let merges wait in a folder of the test."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def project(history: Path, tmp_path: Path) -> Path:
    """A project of 0.7.0."""
    answers = {"package_name": "churn", "forge": "none"}
    folder = copy(history, tmp_path / "project", answers, release="v0.7.0")
    commit(folder, "start")
    return folder


def append(project: Path, text: str, *names: str) -> None:
    for name in names:
        path = project / name
        path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")
    commit(project, "edit")


def fresh(history: Path, folder: Path) -> Path:
    answers = {"package_name": "churn", "forge": "none", "profile": "everything"}
    return copy(history, folder, answers, release="v0.8.1")


@BOTH
def test_edits_beside_the_templates_stay_in_owned_files(
    history: Path, project: Path, tmp_path: Path, update: Update
) -> None:
    names = [f"src/churn/{name}.py" for name in OWNED] + ["tests/test_model.py", "tests/small.py"]
    edited = ["src/churn/data.py", "src/churn/schema.py"]
    append(project, MINE, *edited)
    update(project)
    assert not git("ls-files", "--unmerged", folder=project)
    new = fresh(history, tmp_path / "fresh")
    for name in names:
        mine = MINE if name in edited else ""
        assert (project / name).read_text() == (new / name).read_text() + mine, name


def test_only_edits_that_meet_the_templates_are_conflicts(project: Path) -> None:
    path = project / "src/churn/data.py"
    text = path.read_text()
    path.write_text(text.replace(text.splitlines()[0], '"""My rows."""', 1))
    append(project, MINE, "src/churn/schema.py")
    told = run("update", project, "--to", "v0.8.1", "--trust")
    assert [row.split(":")[0] for row in listed(told.out, "Conflicts")] == ["src/churn/data.py"]


def test_plain_copier_marks_the_same_conflicts(project: Path) -> None:
    path = project / "src/churn/data.py"
    text = path.read_text()
    path.write_text(text.replace(text.splitlines()[0], '"""My rows."""', 1))
    append(project, MINE, "src/churn/schema.py")
    with_copier(project)
    assert conflicts(project) == ["src/churn/data.py"]
    assert "<<<<<<< before updating" in path.read_text()


def conflicts(project: Path) -> list[str]:
    """Name the files in conflict, once each."""
    rows = git("ls-files", "--unmerged", folder=project).splitlines()
    return sorted({row.split("\t")[1] for row in rows})


def edit_all(project: Path) -> dict[str, str]:
    """Edit each module and test of the template; give the line in each."""
    files = [*project.glob("src/churn/*.py"), *project.glob("tests/**/*.py")]
    files += project.glob("docker/*.py")
    named = (path.relative_to(project).as_posix() for path in sorted(files))
    lines = {name: f"# mine-{n};" for n, name in enumerate(named)}
    for name, line in lines.items():
        path = project / name
        path.write_text(f"{path.read_text()}\n{line}\n")
    commit(project, "edit")
    return lines


def moved(name: str) -> str:
    """Give the path of a file in 0.8.0."""
    script = ROOT / "extensions" / "migrations" / "v0_8_0.py"
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(script.parent))
        steps = runpy.run_path(str(script))["STEPS"]
    old = name.replace("src/churn/", "src/{package_name}/")
    paths = {step.old: step.new for step in steps if type(step).__name__ == "Rename"}
    return str(paths.get(old, old)).format(package_name="churn")


def check_each_is_there_or_named(lines: dict[str, str], named: list[str], where: Path) -> None:
    """Check that each edit is in its file or in a conflict, and that each is named once."""
    assert len(named) == len(set(named))
    gone = [name for name in lines if moved(name) not in named and name not in named]
    for name in gone:
        assert lines[name] in (where / moved(name)).read_text(), name
    found = git("grep", "--no-index", "-h", "mine-", "--", ".", ":!.git", folder=where)
    assert set(lines.values()) <= {line.strip() for line in found.splitlines()}


def test_edits_follow_their_file_or_are_named_once(project: Path) -> None:
    lines = edit_all(project)
    told: Told = run("update", project, "--to", "v0.8.1", "--trust")
    assert told.code == 1, told
    assert not listed(told.out, "Refused")
    named = [row.split(": ")[0] for row in listed(told.out, "Conflicts")]
    check_each_is_there_or_named(lines, named, worktree(told))


def test_plain_copier_loses_no_edit(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    lines = edit_all(project)
    with_copier(project)
    check_each_is_there_or_named(lines, conflicts(project), project)
    told = capfd.readouterr().err
    assert told.count("src/churn/search.py is as you had it: you edited it") == 1


def test_an_edit_far_from_the_templates_is_in_the_moved_module(project: Path) -> None:
    path = project / "src/churn/verbs.py"
    path.write_text(path.read_text().replace('"""', '"""Mine: ', 1))
    commit(project, "edit")
    told = run("update", project, "--to", "v0.8.1", "--trust")
    assert [row.split(": ")[0] for row in listed(told.out, "Conflicts")] == [
        "src/churn/commands.py"
    ]
    base = git("show", ":1:src/churn/commands.py", folder=worktree(told))
    assert base == git("show", "HEAD~1:src/churn/verbs.py", folder=project)


def test_a_module_that_its_owner_deleted_stays_away_from_its_new_place(project: Path) -> None:
    (project / "src/churn/verbs.py").unlink()
    commit(project, "edit")
    told = run("update", project, "--to", "v0.8.1", "--trust", "--apply")
    assert told.code == 0
    assert "src/churn/commands.py: you deleted it" in listed(told.out, "Left alone")
    assert not (project / "src/churn/commands.py").exists()


@pytest.mark.parametrize(
    ("features", "profile"),
    [(["docs", "devcontainer", "notebooks"], "everything"), (["notebooks"], "choose")],
)
@BOTH
def test_a_project_has_the_parts_that_it_had(
    history: Path, tmp_path: Path, features: list[str], profile: str, update: Update
) -> None:
    folder = copy(history, tmp_path / "p", {"features": features}, release="v0.7.0")
    commit(folder, "start")
    update(folder)
    answers: dict[str, Any] = yaml.safe_load((folder / ".copier-answers.yml").read_text())
    assert answers["profile"] == profile
    if profile == "choose":
        assert answers["features"][-2:] == ["containers", "notebooks"]
        assert len(answers["features"]) == 10
    assert (folder / "docs").exists() == ("docs" in features)
    assert (folder / "notebooks").exists()
    assert (folder / "compose.yaml").exists()
    assert (folder / "src/my_ml_project/batch").exists()


@BOTH
def test_what_was_a_default_is_set_and_what_is_gone_is_out(
    project: Path, update: Update, capfd: pytest.CaptureFixture[str]
) -> None:
    base = project / "config/base.yaml"
    base.write_text("seed: 1\nstudy_heartbeat_s: 5\nthresholds: {accuracy: 0.5}\n")
    (project / "compose.mine.yaml").write_text("environment: [CHURN_STUDY_HEARTBEAT_S=3]\n")
    commit(project, "edit")
    told = update(project) + capfd.readouterr().err
    assert "compose.mine.yaml names CHURN_STUDY_HEARTBEAT_S, which is no setting any more" in told
    assert base.read_text() == (
        "seed: 1\nthresholds: {accuracy: 0.5}\ndata_path: data/digits.parquet\n"
        "input_path: data/digits.parquet\ngains:\n  accuracy: -0.01\n  f1: -0.01\n"
    )


def test_defaults_are_kept_where_the_file_is_gone(project: Path) -> None:
    (project / "config/base.yaml").unlink()
    commit(project, "edit")
    with_ours(project)
    assert yaml.safe_load((project / "config/base.yaml").read_text())["thresholds"]["f1"] == 0.94


def test_each_new_path_is_in_the_template() -> None:
    """A part that is not there yet is passed over."""
    script = (ROOT / "extensions/migrations/v0_8_0.py").read_text()
    template = ROOT / "template"
    package = template / "src/{{ package_name }}"
    for table, folder in (("MODULES", package), ("TESTS", template / "tests")):
        rows = re.search(rf"^{table} = \{{\n(.*?)\n\}}", script, re.DOTALL | re.MULTILINE)
        assert rows
        for new in re.findall(r': "(.*)",', rows[1]):
            target = folder / new
            there = target.exists() or target.with_name(f"{target.name}.jinja").exists()
            assert there or not target.parent.exists() or new in GONE, new
