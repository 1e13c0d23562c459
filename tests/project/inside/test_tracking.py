"""The tracking store, the names of runs, and models of another schema."""

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow
import pytest
from mlflow.entities import Run

from my_ml_project import environment, settings, tracking
from my_ml_project.settings import PROJECT, Settings

from .conftest import CommandLine

URI = f"models:/{PROJECT}/1"

pytestmark = pytest.mark.usefixtures("trained")


def fits() -> bool:
    with tracking.connection(Settings()):
        return tracking.fits(URI, tracking.metadata(URI))


def test_a_model_fits_the_schema_that_it_was_trained_with(monkeypatch: pytest.MonkeyPatch) -> None:
    assert fits()
    monkeypatch.setattr(tracking, "COLUMNS", [*tracking.COLUMNS, "another"])
    assert not fits()


def test_a_model_that_carries_no_columns_is_known_by_its_signature(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    nothing: dict[str, Any] = {}
    monkeypatch.setattr(tracking, "metadata", lambda _: nothing)
    assert fits()
    monkeypatch.setattr(tracking, "UNLABELLED", tracking.UNLABELLED.remove_columns(["pixel_0_0"]))
    assert not fits()


def git(*arguments: str) -> str:
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    command = [str(shutil.which("git")), *identity, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603  (no shell)


def record() -> Run:
    with tracking.run("train", Settings()) as run_id:
        pass
    return mlflow.get_run(run_id)


def test_a_run_is_named_by_command_time_and_commit(folder: Path) -> None:
    git("init", "--quiet")
    assert environment.commit() == ("", False)
    assert re.fullmatch(r"train-\d{4}-\d\d-\d\d-\d{4}", str(record().info.run_name))
    (folder / "code.py").write_text("1")
    git("add", "code.py")
    git("commit", "--quiet", "--message", "start")
    git("tag", "v1")
    commit = git("rev-parse", "HEAD")
    for text, is_dirty in (("1", "false"), ("2", "true")):
        (folder / "code.py").write_text(text)
        run = record()
        name = rf"train-\d{{4}}-\d\d-\d\d-\d{{4}}-{commit[:7]}"
        assert re.fullmatch(name, str(run.info.run_name))
        assert run.data.tags["mlflow.source.git.commit"] == commit
        assert run.data.tags["mlflow.source.git.dirty"] == is_dirty


def test_a_commit_needs_neither_git_nor_a_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    assert environment.commit() == ("", False)
    monkeypatch.setenv("PATH", "")
    assert environment.commit() == ("", False)


def test_mlflows_variable_is_the_default_of_the_setting(
    command: CommandLine,
    write_settings: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    theirs = "sqlite:///theirs/mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", theirs)
    for module in (settings, tracking):
        monkeypatch.setattr(module, "MLFLOW_TRACKING_URI", theirs)
    assert f"tracking_uri = {theirs}  (MLFLOW_TRACKING_URI)" in command("settings").splitlines()
    with tracking.connection(Settings()):
        assert mlflow.get_tracking_uri().endswith("theirs/mlflow.db")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", theirs)
    write_settings(tracking_uri="sqlite:///ours/mlflow.db")
    with tracking.connection(Settings()):
        assert mlflow.get_tracking_uri().endswith("ours/mlflow.db")
    ignored = "MLFLOW_TRACKING_URI is ignored: tracking_uri is set (config/base.yaml)"
    assert caplog.messages.count(ignored) == 1


def test_the_champion_predicts_or_else_the_latest_version(
    command: CommandLine, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    command("predict")
    assert f"using models:/{PROJECT}/2" in caplog.messages
    with tracking.connection(Settings()):
        mlflow.MlflowClient().set_registered_model_alias(PROJECT, "champion", "1")
    command("predict")
    assert f"using models:/{PROJECT}/1 (champion)" in caplog.messages
