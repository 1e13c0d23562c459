"""0.6.0 gave a file, a question and a setting other names, and a question another default."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from conftest import copy, git
from owner import commit, update

from copier_ml.cli import main

MINE = "    # Mine: let health checks through.\n"
BEFORE_MINE = '        """Let a request through."""\n'

Update = Callable[[Path], None]


# Released migrations do not change; updates from 0.1.0 pass them in each run.
pytestmark = [pytest.mark.usefixtures("nobody_answers"), pytest.mark.nightly]


def with_ours(project: Path) -> None:
    """Update to the last release that has the file; 0.8.0 does without it."""
    assert main(["update", str(project), "--apply", "--trust", "--to", "v0.7.0"]) == 0


def with_copier(project: Path) -> None:
    update(project, "v0.7.0")


@pytest.fixture
def project(history: Path, tmp_path: Path) -> Path:
    """A project of 0.5.0 whose owner changed all that 0.6.0 moves."""
    index = {"package_index": "private", "package_index_url": "https://packages.example.org/simple"}
    answers = {"ci": "none", "package_name": "churn", **index}
    folder = copy(history, tmp_path / "project", answers, release="v0.5.0")
    gate = folder / "src/churn/gate.py"
    text = gate.read_text()
    assert BEFORE_MINE in text
    gate.write_text(text.replace(BEFORE_MINE, BEFORE_MINE + "    " + MINE))
    (folder / "config/base.yaml").write_text(
        "seed: 1\nn_at_once: 4 # Our machines have four cores.\n"
    )
    (folder / ".env.example").write_text("CHURN_N_AT_ONCE=8\n")
    commit(folder, "start")
    return folder


@pytest.mark.parametrize("run", [with_ours, with_copier], ids=["copier-ml", "copier"])
def test_what_an_owner_changed_follows(
    project: Path, run: Update, capfd: pytest.CaptureFixture[str]
) -> None:
    run(project)
    moved = (project / "src/churn/middleware.py").read_text()
    assert MINE in moved
    assert "class Middleware:" in moved
    assert not (project / "src/churn/gate.py").exists()

    settings = (project / "config/base.yaml").read_text()
    assert settings == "seed: 1\nmax_concurrency: 4 # Our machines have four cores.\n"
    assert ".env.example names CHURN_N_AT_ONCE, which is called CHURN_MAX_CONCURRENCY now" in (
        capfd.readouterr().err
    )

    answers = yaml.safe_load((project / ".copier-answers.yml").read_text())
    assert "ci" not in answers
    assert answers["forge"] == "none"
    assert "<<<<<<<" not in moved
    assert answers["package_index_auth"] == "none"  # The default was this; it is another one now.


def test_a_second_update_changes_nothing(project: Path) -> None:
    with_ours(project)
    head = git("rev-parse", "HEAD", folder=project)
    with_ours(project)
    assert git("rev-parse", "HEAD", folder=project) == head
    assert git("status", "--porcelain", folder=project) == ""
