"""The scheduled retraining of GitHub: it promotes what passed, and nothing without a server."""

import shutil
from pathlib import Path

import pytest
import yaml
from conftest import Render, git
from owner import ALONE, Project
from workflow_steps import Run

FILE = Path(".github", "workflows", "retrain.yml")
SECRET = "secrets.RETRAIN_ENV"


def run(project: Path, temporary: Path, lines: str) -> Run:
    temporary.mkdir()
    started = Run(project / FILE, "retrain", {SECRET: lines}, **ALONE)
    return started.go(project, temporary)


@pytest.mark.parametrize(("features", "there"), [(["promotion"], True), (["docs"], False)])
def test_it_comes_with_the_pipeline(render: Render, features: list[str], *, there: bool) -> None:
    answers = {"profile": "choose", "features": features}
    assert (render(answers | {"forge": "github"}) / FILE).exists() == there
    pipeline = render(answers | {"forge": "gitlab"}) / ".gitlab-ci.yml"
    jobs = yaml.safe_load(pipeline.read_text(encoding="utf-8"))
    assert ("retrain" in jobs) == there


def test_without_a_server_it_trains_nothing(render: Render, tmp_path: Path) -> None:
    done = run(render({"forge": "github"}), tmp_path / "runner", "")
    assert done.failed == "Write .env"
    assert "::error::the environment 'retrain' has no secret RETRAIN_ENV" in done.told


@pytest.mark.nightly  # Two trainings in new environments; the pipeline itself runs in each run.
def test_it_promotes_only_what_passed(everything: Project, render: Render, tmp_path: Path) -> None:
    project = Project(tmp_path / "project")
    git("clone", "--quiet", str(everything.folder), str(project.folder), folder=tmp_path)
    (project.folder / FILE).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(render({"forge": "github"}) / FILE, project.folder / FILE)
    lines = f"MY_ML_PROJECT_TRACKING_URI=sqlite:///{tmp_path}/server.db"
    first = run(project.folder, tmp_path / "first", lines)
    assert not first.failed, first.told
    assert "models:/my_ml_project/1 is the champion" in first.told
    assert (project.folder / ".env").stat().st_mode & 0o777 == 0o600

    lines += '\nMY_ML_PROJECT_THRESHOLDS={"accuracy": 0.9999}\nMY_ML_PROJECT_SEED=1'
    second = run(project.folder, tmp_path / "second", lines)
    assert second.failed == "Train, evaluate and promote"
    assert "failed: accuracy" in second.told
    uri = f"sqlite:///{tmp_path}/server.db"
    (project.folder / ".env").unlink()
    champion = ("evaluate", "--model", "models:/my_ml_project@champion", "--tracking-uri", uri)
    assert "models:/my_ml_project/1 passed" in project.command(*champion)
