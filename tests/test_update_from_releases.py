"""A project of each release is updated to the template as it is on disk."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import ROOT, copy, git, take_snapshot
from owner import commit, update

from copier_ml.releases import find_releases, tag_missing

RELEASES = list(find_releases(ROOT))


@pytest.fixture(scope="session")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository with a tag for every release, and what is on disk as its newest."""
    folder = tmp_path_factory.mktemp("history") / "template"
    git("clone", "--quiet", "--no-hardlinks", str(ROOT), str(folder), folder=ROOT)
    tag_missing(folder)
    for path in git("ls-files", "-z", folder=folder).split("\0")[:-1]:
        (folder / path).unlink()
    return take_snapshot(folder)


def make(history: Path, project: Path, release: str, **answers: str) -> Path:
    copy(history, project, answers, release=release)
    commit(project, "start")
    return project


def recorded(project: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((project / ".copier-answers.yml").read_text())
    return found


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("framework", ["sklearn", "pytorch"])
def test_an_update_has_no_conflict_and_keeps_every_answer(
    history: Path, tmp_path: Path, release: str, framework: str
) -> None:
    project = make(history, tmp_path / "project", release, framework=framework, license="MIT")
    before = recorded(project)
    (project / "uv.lock").write_text("mine\n")
    commit(project, "lock")

    update(project)
    after = recorded(project)
    assert after["_commit"] == "v999.0.0"
    assert {name: after[name] for name in before if name != "_commit"} == {
        name: value for name, value in before.items() if name != "_commit"
    }
    assert (project / "uv.lock").read_text() == "mine\n"


@pytest.mark.parametrize("release", RELEASES)
def test_an_update_can_ask_for_cuda(history: Path, tmp_path: Path, release: str) -> None:
    project = make(history, tmp_path / "project", release, framework="pytorch")
    update(project, cuda_version="12.6")
    assert recorded(project)["cuda_version"] == "12.6"
    assert 'name = "pytorch-cu126"' in (project / "pyproject.toml").read_text(encoding="utf-8")
