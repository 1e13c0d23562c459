"""0.5.0 handed files over: a project from before still gets what the modules around them need."""

from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import copy
from owner import commit, update

from copier_ml.cli import main

ANSWERS = {"package_name": "churn", "features": [], "forge": "none"}
OLD = ANSWERS | {"ci": "none"}
MINE = '\n\ndef mine() -> None:\n    """Do what only this project does."""\n'


def with_ours(project: Path) -> None:
    assert main(["update", str(project), "--apply", "--trust", "--to", "v0.8.1"]) == 0


def with_copier(project: Path) -> None:
    update(project, "v0.8.1")


@pytest.fixture
def project(history: Path, tmp_path: Path) -> Path:
    """A project of 0.2.0, whose owner went on with two of the files that 0.5.0 hands over."""
    folder = copy(history, tmp_path / "project", OLD, release="v0.2.0")
    for name in ("data.py", "schema.py"):
        path = folder / "src/churn" / name
        path.write_text(path.read_text() + MINE)
    commit(folder, "start")
    return folder


@pytest.mark.parametrize("run", [with_ours, with_copier], ids=["copier-ml", "copier"])
def test_files_are_merged_once_more(
    history: Path, project: Path, tmp_path: Path, run: Callable[[Path], None]
) -> None:
    answers = ANSWERS | {"profile": "everything"}
    fresh = copy(history, tmp_path / "fresh", answers, release="v0.8.1")
    names = ("src/churn/model.py", "src/churn/hyperparameters.py", "tests/test_model.py")
    assert (project / names[0]).read_text() != (fresh / names[0]).read_text()
    run(project)
    for name in names:
        assert (project / name).read_text() == (fresh / name).read_text(), name
    for name in ("src/churn/data.py", "src/churn/schema.py"):
        assert (project / name).read_text() == (fresh / name).read_text() + MINE, name


def to_0_7(project: Path) -> None:
    assert main(["update", str(project), "--apply", "--trust", "--to", "v0.7.0"]) == 0


def to_0_7_with_copier(project: Path) -> None:
    update(project, "v0.7.0")


@pytest.mark.parametrize("run", [to_0_7, to_0_7_with_copier], ids=["copier-ml", "copier"])
def test_and_in_no_later_update(history: Path, tmp_path: Path, run: Callable[[Path], None]) -> None:
    """0.8.0 merges them once more, see its own tests."""
    project = copy(history, tmp_path / "project", OLD, release="v0.5.0")
    (project / "src/churn/data.py").write_text("mine = 1\n")
    commit(project, "mine alone")
    run(project)
    assert (project / "src/churn/data.py").read_text() == "mine = 1\n"
