"""A project can be updated, and can change its mind."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from conftest import Answers, copy, git
from owner import commit, update


def changes(project: Path) -> str:
    return git("status", "--porcelain", "--no-renames", folder=project)


@pytest.fixture
def project(snapshot: Path, tmp_path: Path) -> Path:
    answers: Answers = {"project_name": 'A "Churn" Model', "framework": "sklearn"}
    copy(snapshot, tmp_path / "project", answers)
    commit(tmp_path / "project", "start")
    return tmp_path / "project"


def test_an_update_to_the_same_version_changes_nothing(project: Path) -> None:
    update(project)
    assert changes(project) == ""


def test_dropping_a_feature_and_taking_it_back(project: Path) -> None:
    before = git("ls-files", folder=project)
    update(project, profile="choose", features=["docs"])
    assert not list(project.glob("src/*/serving"))
    assert not (project / "compose.yaml").exists()
    commit(project, "drop parts")

    update(project, profile="standard")
    commit(project, "take them back")
    assert git("ls-files", folder=project) == before


def test_an_owners_edit_survives_and_the_changelog_is_theirs(project: Path) -> None:
    train = next(project.glob("src/*/train.py"))
    train.write_text(train.read_text() + "\n\n# mine\n")
    (project / "CHANGELOG.md").write_text("# Mine\n")
    commit(project, "edit")
    update(project, profile="choose", features=["docs"])
    assert train.read_text().endswith("# mine\n")
    assert (project / "CHANGELOG.md").read_text() == "# Mine\n"


def test_the_answers_are_recorded_and_kept(project: Path) -> None:
    before = (project / ".copier-answers.yml").read_text()
    update(project)
    assert (project / ".copier-answers.yml").read_text() == before
    assert "copyright_year: 2026" in before


def test_the_defaults_alone_make_a_project(copie: Any, snapshot: Path) -> None:
    result = copie.copy(template_dir=snapshot)
    assert result.exception is None
    assert result.answers["package_name"] == "my_ml_project"


def test_the_author_comes_from_the_settings_of_copier(
    snapshot: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = tmp_path / "settings.yml"
    settings.write_text("defaults: {user_name: Ada, user_email: ada@example.org}\n")
    monkeypatch.setenv("COPIER_SETTINGS_PATH", str(settings))
    project = tomllib.loads((copy(snapshot, tmp_path / "p", {}) / "pyproject.toml").read_text())
    assert project["project"]["authors"] == [{"name": "Ada", "email": "ada@example.org"}]
