"""The command `run`, of which one way through is in the project's own tests."""

import pytest

from my_ml_project.promotion import pipeline

from ..conftest import CommandLine


def test_run_has_the_options_of_train_and_evaluate_without_the_model(command: CommandLine) -> None:
    known = {line.split()[0] for line in command("run", "--help").splitlines() if "  --" in line}
    assert {"--seed", "--data-path", "--thresholds", "--alert-webhook"} < known
    assert "--model" not in known


@pytest.mark.usefixtures("trained")
def test_a_process_that_only_helps_prints_nothing(
    command: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setattr(pipeline, "train", lambda _: None)
    assert command("run") == ""
