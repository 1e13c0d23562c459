"""The command reports the machine beside the project, and runs nothing of a strange project."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from conftest import git
from diagnosed import make
from machine_programs import fake
from machine_situations import PASCAL, facts
from owner import Project
from tiny import commit, make_template, write

from copier_ml.cli import main
from copier_ml.doctor import machine
from copier_ml.doctor.machine import uv


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_template(tmp_path_factory.mktemp("template"))


@pytest.fixture(scope="module")
def made(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(template, tmp_path_factory.mktemp("made") / "churn", project_name="Churn")


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "churn"))


@pytest.fixture
def no_index(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uv, "ask_indexes", lambda *_: None)  # A test needs no network.


def examine(project: Path, *, is_trusted: bool) -> dict[str, Any]:
    """Examine the machine, and return each subject's finding."""
    return {found.subject: found for found in machine.examine(project, is_trusted=is_trusted)}


@pytest.mark.parametrize(("here", "code"), [({}, 0), ({"gpus": (PASCAL,)}, 1)])
def test_a_problem_of_the_machine_fails(
    here: dict[str, Any],
    code: int,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = machine.evaluate(facts(here))
    monkeypatch.setattr(machine, "examine", lambda *_, **__: found)
    assert main(["doctor", str(project)]) == code
    text = capsys.readouterr().out
    assert "\nmachine: 1 problem\n" in text or "\nmachine: no problems\n" in text
    assert "\nok       driver        580.95.05\n" in text
    assert ("\nproblem: Tesla P100" in text) == bool(code)

    assert main(["doctor", str(project), "--json"]) == code
    report = json.loads(capsys.readouterr().out)
    assert report["findings"] == []
    rows = {row["subject"]: row for row in report["machine"]}
    assert rows["index"] == {
        "subject": "index",
        "found": "every index answers",
        "verdict": "ok",
        "expected": "",
        "remedy": "",
    }
    assert rows["GPU"]["verdict"] == ("problem" if code else "ok")


def test_control_characters_do_not_reach_the_terminal(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = machine.evaluate(facts(locked=("2.15.0+cu130\x1b[2J\x9b",)))
    monkeypatch.setattr(machine, "examine", lambda *_, **__: found)
    main(["doctor", str(project)])
    text = capsys.readouterr().out
    assert r"2.15.0+cu130\x1b[2J\x9b" in text
    assert text.replace("\n", "").isprintable()


@pytest.mark.usefixtures("no_index")
def test_this_machine_is_examined_as_it_is(project: Path) -> None:
    found = examine(project, is_trusted=True)
    assert {"platform", "driver", "lock", "build"} <= {*found}
    assert found["lock"].line() == "uv.lock is missing: run 'uv lock'"
    assert found["build"].line() == "the project is not installed: run 'uv run just sync'"
    assert "trust" not in found


HOSTILE = """\
[project]
name = "churn"
dynamic = ["version", "dependencies"]

[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""


@pytest.mark.skipif(os.name == "nt", reason="the stand-in for Python is a shell script")
@pytest.mark.usefixtures("no_index")
def test_code_of_a_project_runs_only_with_trust(project: Path, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    backend = f"open({str(ran)!r}, 'w')\n"
    (project / ".venv" / "bin").mkdir(parents=True)
    fake(project / ".venv" / "bin", "python", f"touch {ran}; exit 1")
    write(project, {".venv/pyvenv.cfg": "home = /usr/bin\nversion_info = 3.12.1\n"})
    lock = 'version = 1\nrequires-python = ">=3.11"\n'
    commit(project, {"pyproject.toml": HOSTILE, "backend.py": backend, "uv.lock": lock})
    assert main(["doctor", str(project), "--json"]) == 0
    assert not ran.exists()
    assert examine(project, is_trusted=False)["Python"].found == "3.12.1"
    examine(project, is_trusted=True)
    assert ran.exists()


@pytest.mark.usefixtures("no_index")
def test_a_lock_that_does_not_match(project: Path) -> None:
    Project(project).uv("lock", "--offline", "--quiet")
    assert examine(project, is_trusted=True)["lock"].verdict == "ok"
    table = '[project]\nname = "churn"\nversion = "0.1.0"\ndependencies = ["no-such-package"]\n'
    write(project, {"pyproject.toml": table})
    assert examine(project, is_trusted=True)["lock"].found == uv.STALE_LOCK
    assert examine(project, is_trusted=False)["lock"].verdict == "ok"


def test_conflict_markers_are_named_and_stop_nothing(project: Path) -> None:
    write(project, {"uv.lock": "<<<<<<< ours\n", "pyproject.toml": "<<<<<<< ours\n"})
    found = examine(project, is_trusted=True)
    assert found["uv.lock"].found.startswith("cannot be read (Invalid statement")
    assert found["pyproject.toml"].remedy.startswith("resolve its merge conflict")


def test_without_a_project_there_is_nothing_to_report(tmp_path: Path) -> None:
    git("init", "--quiet", folder=tmp_path)
    assert main(["doctor", str(tmp_path)]) == 2


def test_a_project_without_metadata_has_no_lock_to_miss(tmp_path: Path) -> None:
    found = examine(tmp_path, is_trusted=True)
    assert {"lock", "index", "build", "trust"}.isdisjoint(found)
