"""Settings come from five places, and a wrong name or value is reported with its place."""

from collections.abc import Callable
from pathlib import Path

import pytest

from my_ml_project import cli, parts
from my_ml_project.settings import PREFIX, masked

from .conftest import CommandLine


def test_the_strongest_place_wins(
    command: CommandLine, write_settings: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_settings(seed=1, test_fraction=0.31, validation_fraction=0.11, tracking_uri="sqlite:///a")
    Path("more.yaml").write_text("seed: 2\ntest_fraction: 0.32\nvalidation_fraction: 0.12\n")
    Path(".env").write_text(f"{PREFIX}SEED=3\n{PREFIX}TEST_FRACTION=0.33\nOTHER=1\n")
    monkeypatch.setenv(f"{PREFIX}SEED", "4")
    lines = command("settings", "--config", "more.yaml").splitlines()
    assert "seed = 4  (environment)" in lines
    assert "test_fraction = 0.33  (.env)" in lines
    assert "validation_fraction = 0.12  (more.yaml)" in lines
    assert "tracking_uri = sqlite:///a  (config/base.yaml)" in lines


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["train", "--seed", "x"], 1, "seed = 'x' (command line): Input should be a valid integer"),
        (["train", "--test-fraction", "0.7"], 1, "test_fraction = '0.7' (command line): "),
        (["train", "--sede", "1"], 2, "train: there is no --sede; did you mean '--seed'?"),
        (["train", "--seed"], 2, "expected one argument"),
        (["trane"], 2, "there is no command 'trane'; did you mean 'train'?"),
        (["train", "--config", "none.yaml"], 1, "none.yaml"),
    ],
)
def test_a_mistake_is_one_line(
    command: CommandLine, arguments: list[str], code: int, message: str
) -> None:
    found, line = command.refuse(*arguments)
    assert (found, message in line) == (code, True), line


def test_a_name_that_is_no_setting_is_refused_with_its_place(
    command: CommandLine, write_settings: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_settings(sede=1)
    assert (
        "'sede' (config/base.yaml) is not a setting; did you mean 'seed'?"
        in (command.refuse("train")[1])
    )
    write_settings()
    monkeypatch.setenv(f"{PREFIX}SEDE", "1")
    assert f"'sede' ({PREFIX}SEDE) is not a setting" in command.refuse("train")[1]
    monkeypatch.delenv(f"{PREFIX}SEDE")
    monkeypatch.setenv(f"OTHER_{PREFIX}SEDE", "1")  # A variable of another program.
    assert command("settings")


def test_a_file_that_is_not_yaml_is_named(command: CommandLine) -> None:
    Path("bad.yaml").write_text("seed: [", encoding="utf-8")
    assert (
        "bad.yaml has no settings such as 'seed: 1'"
        in (command.refuse("train", "--config", "bad.yaml")[1])
    )


def test_secrets_are_not_shown(command: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{PREFIX}TRACKING_TOKEN", "hush")
    monkeypatch.setenv(f"{PREFIX}TRACKING_URI", "postgresql://ada:hush@db/runs?sslpassword=hush")
    assert "hush" not in command("settings")
    assert masked("https://hush@host/?q=1&api_key=hush") == (
        "https://**********@host/?q=1&api_key=**********"
    )


def test_help_lists_every_command_and_its_own_options_alone(command: CommandLine) -> None:
    listed = command("--help")
    for name, summary in parts.summaries().items():
        assert f"{name} " in listed
        if name == "import-data":  # A recipe, which calls copier-ml.
            continue
        text = command(*name.split(), "--help")
        assert summary in text
    assert "--learning-rate" not in command("evaluate", "--help")
    assert "--thresholds NAME=VALUE" in command("evaluate", "--help")


def test_a_command_reports_at_once_and_ends_with_the_next_command(
    command: CommandLine, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    assert command("data").splitlines() == [
        f"wrote {Path('data/train.parquet')}",
        "next: uv run my-ml-project train",
    ]
    assert caplog.messages == ["data: loading libraries"]
    caplog.clear()
    assert "next: " not in command("settings")
    assert caplog.messages == []


def test_a_hint_names_only_commands_that_exist(capsys: pytest.CaptureFixture[str]) -> None:
    cli.finish("done", "fly --high", "train --seed 1", "predict")
    cli.finish("done", "fly")
    assert capsys.readouterr().out == "done\nnext: uv run my-ml-project train --seed 1\ndone\n"


@pytest.mark.parametrize("name", ["alert_webhook", "drift_limit"])
def test_alerts_are_turned_off_with_null(
    command: CommandLine,
    write_settings: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    write_settings(**{name: None})
    assert f"{name} = None  (config/base.yaml)" in command("settings").splitlines()
    monkeypatch.setenv(f"{PREFIX}{name.upper()}", "null")
    assert f"{name} = None  (environment)" in command("settings").splitlines()


def test_debug_shows_the_traceback_of_a_mistake(command: CommandLine) -> None:
    with pytest.raises(Exception, match=r"does not exist"):
        command("train", "--debug", "--data-path", "none.parquet")


def test_a_missing_package_of_the_owner_keeps_its_traceback() -> None:
    assert cli.is_required("mlflow")
    assert not cli.is_required("a_module_of_the_owner")
