"""A killed process, a full disk, a lost server, a damaged model: nothing half done, one line."""

import os
import re
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import servers
import yaml
from owner import Project, find_uv

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("faults")]

QUICK = ("--max-iter", "20")
N_FILES = 40
ROWS = f"""
from pathlib import Path; from tests import synthetic
Path("data/input").mkdir()
for number in range({N_FILES}):
    synthetic.rows(500, number).to_parquet(f"data/input/{{number:02}}.parquet")
"""

FINISHED = """
import optuna; from optuna.storages import JournalStorage, journal
study, log = "my_ml_project", "mlruns/study.log"
lock = journal.JournalFileOpenLock(log)
kept = JournalStorage(journal.JournalFileBackend(log, lock))
trials = optuna.load_study(study_name=study, storage=kept).trials
print(sum(trial.state.name in ("COMPLETE", "PRUNED") for trial in trials))
"""

Damage = Callable[[bytes], bytes]


@pytest.fixture(scope="module")
def project(everything: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    made = everything.clone(tmp_path_factory.mktemp("faults") / "project")
    made.command("train", *QUICK)
    made.uv("run", "--no-sync", "python", "-c", ROWS)
    return made


def kill_when(is_time: Callable[[], object], process: "subprocess.Popen[str]") -> None:
    """Kill a command at an event, as lack of memory or power would."""
    while not is_time():
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def query(database: Path, statement: str) -> list[tuple[str, ...]]:
    if not database.exists():
        return []
    # For writing: SQLite first takes back what a process wrote that ended in the middle of it.
    with closing(sqlite3.connect(database, timeout=60)) as store:
        try:
            return store.execute(statement).fetchall()
        except sqlite3.OperationalError:  # Its tables are not made yet.
            return []


def versions(project: Project) -> list[tuple[str, ...]]:
    """Registered versions, each with its state and the run that made it."""
    columns = "version, status, run_id"
    return query(project.folder / "mlruns" / "mlflow.db", f"select {columns} from model_versions")


def check_line(told: str) -> str:
    """Check that a command ended with one line about what is wrong; return it."""
    assert "Traceback" not in told
    (line,) = (line for line in told.splitlines() if line.startswith("my-ml-project: "))
    assert told.splitlines()[-1] == line
    return line


def on_full_disk(project: Project, size_kib: int, *arguments: str) -> str:
    """Run a command that fails because no file can grow beyond a size."""
    limited = f'ulimit -f {size_kib}; exec "$@"'
    command = (find_uv(), "run", "--no-sync", project.name, *arguments)
    return check_line(project.run("bash", "-c", limited, "bash", *command, expect=1))


def test_a_killed_training_leaves_no_version(project: Project) -> None:
    kept, models = versions(project), project.folder / "mlruns" / "artifacts" / "models"
    known = set(models.iterdir())
    process = project.start("train", *QUICK)
    kill_when(lambda: set(models.iterdir()) - known, process)  # It was being written.
    assert versions(project) == kept
    assert f"/{len(kept) + 1}" in project.command("train", *QUICK)
    assert " passed: " in project.command("evaluate")


@pytest.mark.nightly
def test_a_killed_search_is_finished_by_the_next(project: Project) -> None:
    tune = ("tune", "--trials", "2")
    study, tuned = project.folder / "mlruns" / "study.log", project.folder / "config" / "tuned.yaml"

    def is_second_begun() -> bool:
        return study.exists() and study.read_text(encoding="utf-8").count("datetime_start") == 2

    kill_when(is_second_begun, project.start(*tune))
    assert not tuned.exists()
    assert "wrote config/tuned.yaml" in project.command(*tune)
    assert "learning_rate" in yaml.safe_load(tuned.read_text(encoding="utf-8"))
    assert project.uv("run", "--no-sync", "python", "-c", FINISHED).splitlines()[-1] == "2"
    assert [path.name for path in tuned.parent.glob(".*")] == []


@pytest.mark.nightly
def test_a_killed_batch_goes_on(project: Project) -> None:
    batch, data = ("batch", "--chunk-rows", "100", "--output-folder"), project.folder / "data"
    killed, whole = data / "killed", data / "whole"
    kill_when((killed / "02.parquet").exists, project.start(*batch, str(killed)))
    n_done = len(list(killed.glob("*.parquet")))
    assert 3 <= n_done < N_FILES
    assert project.command(*batch, str(killed)).count("is up to date") == n_done
    project.command(*batch, str(whole))
    names = sorted(path.name for path in whole.iterdir())
    assert names == sorted(path.name for path in killed.iterdir())
    assert len(names) == N_FILES
    assert all((killed / name).read_bytes() == (whole / name).read_bytes() for name in names)


def test_a_full_disk_leaves_everything_as_it_was(project: Project) -> None:
    output, kept = project.folder / "data" / "predictions.parquet", versions(project)
    project.command("predict")
    before = output.read_bytes()
    told = on_full_disk(project, 10, "predict", "--input-path", "data/input/00.parquet")
    assert told.startswith("my-ml-project: MLflow at sqlite")  # It has no room for the run.
    assert output.read_bytes() == before

    told = on_full_disk(project, 10, "data", "--data-path", "data/other.parquet")
    assert told.startswith("my-ml-project: data/other.parquet cannot be written")
    assert list(output.parent.glob("*other*")) == []

    assert "MLflow at sqlite" in on_full_disk(project, 10, "train", *QUICK)
    on_full_disk(project, 300, "train", *QUICK)  # The lock does not fit, which is kept first.
    assert versions(project) == kept
    assert f"/{len(kept) + 1}" in project.command("train", *QUICK)


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("model.skops", lambda whole: whole[: len(whole) // 2]),
        ("MLmodel", lambda whole: whole[: whole.index(b"flavors")] + b"["),
        pytest.param(
            "MLmodel", lambda whole: whole[:300] + b"\xff\x00" * 99, marks=pytest.mark.nightly
        ),
    ],
    ids=["half a model", "half a description", "garbage"],
)
def test_a_damaged_model_is_named(project: Project, name: str, damage: Damage) -> None:
    number = versions(project)[-1][0]
    artifacts = (project.folder / "mlruns" / "artifacts" / "models").glob("*/artifacts")
    folder = max(artifacts, key=lambda path: path.stat().st_mtime)
    whole = (folder / name).read_bytes()
    (folder / name).write_bytes(damage(whole))
    try:
        for command in ("evaluate", "predict"):
            told = check_line(project.command(command, expect=1))
            place = folder / name if name == "model.skops" else f"models:/my_ml_project/{number}"
            assert f"{place} cannot be loaded, it may be damaged: " in told
        port = str(servers.free_port())
        told = project.command("serve", "--model", str(folder), "--port", port, expect=1)
        assert re.search(rf"{folder}\S* cannot be loaded, it may be damaged: ", check_line(told))
    finally:
        (folder / name).write_bytes(whole)


@pytest.mark.nightly
def test_a_tracking_server_may_be_lost(project: Project, tmp_path: Path) -> None:
    port = servers.free_port()
    lost = Project(project.folder, MY_ML_PROJECT_TRACKING_URI=f"http://127.0.0.1:{port}")
    began, place = time.monotonic(), f"MLflow at http://127.0.0.1:{port}"
    assert place in check_line(lost.command("evaluate", expect=1))
    assert time.monotonic() - began < 60

    store = ("--backend-store-uri", f"sqlite:///{tmp_path}/mlflow.db")
    kept = ("--artifacts-destination", str(tmp_path / "artifacts"))
    with servers.mlflow(tmp_path, port, *store, *kept):
        process = lost.start("train", "--max-iter", "500")
        while not query(tmp_path / "mlflow.db", "select * from runs"):
            assert process.poll() is None, process.communicate()[0]
            time.sleep(0.1)
    told, _ = process.communicate()
    assert process.returncode == 1, told
    assert place in check_line(told)

    with servers.mlflow(tmp_path, port, *store, *kept):
        assert "registered models:/my_ml_project/1" in lost.command("train", *QUICK)
