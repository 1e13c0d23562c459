"""`copier-ml image` refuses what it cannot build, in one line; tests/containers builds images."""

import os
import subprocess
from pathlib import Path

import pytest
from owner import find_copier_ml

PROJECT = """
[project]
name = "churn"
version = "1.0"
[project.optional-dependencies]
cpu = []
"""


def image(folder: Path, *words: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [find_copier_ml(), "image", *words],
        cwd=folder,
        env={"PATH": os.environ["PATH"]} | variables,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    return tmp_path


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"ACCELERATOR": "cuda"}, "ACCELERATOR=cuda: the project only has cpu"),
        ({"CONTAINER_ENGINE": "no-engine"}, "no-engine is not on PATH; install it"),
    ],
)
def test_what_cannot_be_built_is_refused(
    project: Path, variables: dict[str, str], told: str
) -> None:
    done = image(project, "serve", **variables)
    assert (done.returncode, done.stderr) == (1, f"image: {told}\n")


def test_an_unknown_target_is_wrong_usage(project: Path) -> None:
    assert image(project, "notebook").returncode == 2


def test_a_folder_without_a_project_is_named(tmp_path: Path) -> None:
    done = image(tmp_path, "serve")
    assert done.returncode == 1
    assert done.stderr == "copier-ml: pyproject.toml: No such file or directory\n"


@pytest.mark.skipif(os.name == "nt", reason="the stand-in for an engine is a shell script")
def test_options_reach_the_engine_and_its_reason_is_told(project: Path) -> None:
    engine = project / "engine"
    engine.write_text("#!/bin/sh\necho \"$@\"\necho 'error: no space left'\nexit 1\n")
    engine.chmod(0o755)
    for command in (["init", "--quiet"], ["commit", "--quiet", "--allow-empty", "-m", "start"]):
        subprocess.run(["git", *command], cwd=project, check=True)
    done = image(project, "serve", "--no-cache", "--pull", CONTAINER_ENGINE=str(engine))
    built, _, told = done.stderr.splitlines()
    assert built.split()[:2] == ["build", "--target=serve"]
    assert {"--no-cache", "--pull", "--build-arg=ACCELERATOR=cpu"} < set(built.split())
    assert told.endswith("failed, and no image was tagged: no space left")
    assert done.returncode == 1
