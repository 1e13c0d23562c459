"""Settings alone bring a project to a tracking server, to PostgreSQL and to S3: genuine ones."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import servers
import yaml
from owner import Project

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("servers")]

QUICK = ("--max-iter", "20")

SHOW = """
import sys, optuna
study = optuna.load_study(study_name="my_ml_project", storage=sys.argv[1])
print(*sorted(trial.state.name for trial in study.trials))
"""


@pytest.fixture(scope="module")
def postgresql() -> Iterator[str]:
    with servers.postgresql("runs", "studies", "direct") as address:
        yield address


@pytest.fixture(scope="module")
def tracking(tmp_path_factory: pytest.TempPathFactory, postgresql: str) -> Iterator[str]:
    """Serve MLflow over PostgreSQL and S3; yield its address."""
    port = servers.free_port()
    with servers.s3(tmp_path_factory.mktemp("s3"), "models") as s3:
        stores = ("--backend-store-uri", f"{postgresql}runs")
        stores += ("--artifacts-destination", "s3://models/kept")
        with servers.mlflow(tmp_path_factory.mktemp("mlflow"), port, *stores, **s3):
            yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def folder(everything: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return everything.clone(tmp_path_factory.mktemp("servers") / "project").folder


def test_a_project_lives_with_a_tracking_server(folder: Path, tracking: str) -> None:
    project = Project(folder, MY_ML_PROJECT_TRACKING_URI=tracking)
    assert "registered models:/my_ml_project/1" in project.command("train", *QUICK)
    assert "models:/my_ml_project/1 passed" in project.command("evaluate")
    assert "models:/my_ml_project/1 is the champion" in project.command("promote")
    assert "models:/my_ml_project/2" in project.command("run", "--max-iter", "21")
    assert project.command("run", "--max-iter", "21").count("cached") == 3
    champion = ("--model", "models:/my_ml_project@champion")
    assert "wrote data/predictions.parquet" in project.command("predict", *champion)
    told = project.command("environment", "restore", "models:/my_ml_project/1")
    restored = folder / "environments" / "my_ml_project-1" / "uv.lock"
    assert str(restored.relative_to(folder)) in told
    assert restored.read_bytes() == (folder / "uv.lock").read_bytes()
    assert not (folder / "mlruns").exists()  # Nothing is kept here.


@pytest.mark.nightly
def test_two_processes_share_a_study_in_postgresql(
    folder: Path, tracking: str, postgresql: str
) -> None:
    project = Project(folder, MY_ML_PROJECT_TRACKING_URI=tracking)
    storage = f"{postgresql}studies"
    tune = ("tune", "--trials", "2", "--study-storage", storage)
    started = [project.start(*tune) for _ in range(2)]
    for process in started:
        told, _ = process.communicate()
        assert process.returncode == 0, told
        assert "wrote config/tuned.yaml" in told
        assert "hunter2" not in told
    states = project.uv("run", "--no-sync", "python", "-c", SHOW, storage).split()
    assert 2 <= len(states) <= 3  # Each may have begun one when the other ended the last.
    assert {*states} <= {"COMPLETE", "PRUNED"}
    assert yaml.safe_load((folder / "config" / "tuned.yaml").read_text(encoding="utf-8"))


@pytest.mark.nightly
def test_a_database_is_a_store_without_a_server(folder: Path, postgresql: str) -> None:
    project = Project(folder, MY_ML_PROJECT_TRACKING_URI=f"{postgresql}direct")
    assert "registered models:/my_ml_project/1" in project.command("train", *QUICK)
    assert "models:/my_ml_project/1 passed" in project.command("evaluate")
    missing = ("--tracking-uri", f"{postgresql}nowhere")
    told = project.command("evaluate", *missing, expect=1)
    assert 'database "nowhere" does not exist' in told.splitlines()[-1]
    assert "Traceback" not in told
    assert "hunter2" not in told
