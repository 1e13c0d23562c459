"""0.7.0 gave projects rules for their packages; what owners had written around them stays."""

import os
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import copy, git
from owner import commit, find_copier_ml, update

from copier_ml.cli import main

FENCE = "    # Yours, from here on:\n"
MINE = """
[[tool.uv.index]]
name = "mine"
url = "https://packages.example.org/simple"
explicit = true

[tool.mine]
key = 1
"""

Update = Callable[[Path], None]


# Released migrations do not change; updates from 0.1.0 pass them in each run.
pytestmark = [pytest.mark.usefixtures("nobody_answers"), pytest.mark.nightly]


def with_ours(project: Path) -> None:
    assert main(["update", str(project), "--apply", "--trust"]) == 0


@pytest.fixture
def project(history: Path, tmp_path: Path) -> Path:
    """A project of 0.6.0 whose owner has requirements, settings and an index of their own."""
    answers = {"package_name": "churn", "framework": "pytorch", "cuda_version": "13.0"}
    folder = copy(history, tmp_path / "project", answers, release="v0.6.0")
    pyproject = folder / "pyproject.toml"
    text = pyproject.read_text().replace(FENCE, FENCE + '    "aardvark",\n', 1)
    pyproject.write_text(text.replace("line-length = 100", "line-length = 110") + MINE)
    commit(folder, "start")
    return folder


@pytest.mark.parametrize("run", [with_ours, update], ids=["copier-ml", "copier"])
def test_rules_arrive_beside_what_an_owner_wrote(project: Path, run: Update) -> None:
    run(project)
    text = (project / "pyproject.toml").read_text()
    read = tomllib.loads(text)
    assert text.endswith(MINE)
    assert read["tool"]["ruff"]["line-length"] == 110
    assert "aardvark" in read["project"]["dependencies"]
    assert [index["name"] for index in read["tool"]["uv"]["index"]][-1] == "mine"
    assert "nvidia-*" in read["tool"]["audit"]["exceptions"]
    assert (project / ".github" / "workflows" / "audit.yml").exists()
    assert not git("ls-files", "--unmerged", folder=project)


def test_the_first_audit_says_what_to_do(project: Path) -> None:
    """The project has no lock here; with one, its rules fit what the template brings."""
    with_ours(project)
    done = subprocess.run(
        [find_copier_ml(), "audit", ".", "denied"],
        cwd=project,
        env=os.environ,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.returncode, done.stderr) == (2, "audit: there is no uv.lock: run 'uv lock'\n")
