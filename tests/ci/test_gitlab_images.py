"""The jobs that build and publish images at GitLab, with a program in the place of docker."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import stand_ins
from conftest import copy, git
from gitlab_runner import run_pipeline
from workflow_steps import load

TOLD = {
    "ACCELERATOR": "cpu",
    "BUILD_IMAGES": "true",
    "CI_COMMIT_SHA": "0" * 40,
    "CI_COMMIT_TAG": "v1.2.0",
    "CI_PROJECT_URL": "https://gitlab.example.org/ada/churn",
    "CI_REGISTRY": "registry.example.org",
    "CI_REGISTRY_IMAGE": "registry.example.org/ada/churn",
    "CI_REGISTRY_PASSWORD": "hush",
    "CI_REGISTRY_USER": "ci",
    "TARGET": "serve",
}
CUDA = {"framework": "pytorch", "cuda_version": "13.0"}

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="GitLab's jobs run on Linux")


class Runner:
    """A project at GitLab, and the programs of a runner."""

    def __init__(self, template: Path, folder: Path, answers: dict[str, Any]) -> None:
        self.project = copy(template, folder / "project", {"forge": "gitlab"} | answers)
        self.jobs = load(self.project / ".gitlab" / "images.yml")
        self.environment = stand_ins.put(folder / "programs")

    def run(self, job: str, **told: str) -> "subprocess.CompletedProcess[str]":
        """Run a job in the shell that its image has."""
        lines = ["set -e", *self.jobs[".images"]["before_script"], *self.jobs[job]["script"]]
        return subprocess.run(
            ["sh", "-c", "\n".join(lines)],
            cwd=self.project,
            env=os.environ | TOLD | self.environment | told,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
        )

    def calls(self, action: str = "") -> list[str]:
        """How docker was called."""
        text = Path(self.environment["CALLS"]).read_text(encoding="utf-8")
        return re.findall(rf"^docker ((?:{action}).*)", text, re.M)


@pytest.fixture
def runner(unpacked: Path, tmp_path: Path) -> Runner:
    return Runner(unpacked, tmp_path, {})


def test_a_merge_request_builds_tries_and_scans_and_pushes_nothing(runner: Runner) -> None:
    done = runner.run("images")
    assert done.returncode == 0, done.stdout
    build, *tried = runner.calls("buildx build|run")
    assert "--target serve" in build
    assert len(tried) == 3
    assert not runner.calls("push|login|tag")


def test_a_tag_publishes_what_was_tried(runner: Runner) -> None:
    done = runner.run("publish")
    assert done.returncode == 0, done.stdout
    image = "registry.example.org/ada/churn/serve:1.2.0"
    assert runner.calls("tag") == [f"tag image:built {image}"]
    assert runner.calls()[-1] == f"push {image}"
    assert "hush" not in done.stdout + "".join(runner.calls())


def test_an_image_for_cuda_has_a_tag_of_its_own(runner: Runner) -> None:
    assert runner.run("publish", ACCELERATOR="cuda").returncode == 0
    assert runner.calls()[-1].endswith("/serve:1.2.0-cuda")


def test_a_tag_that_is_taken_stays(runner: Runner) -> None:
    done = runner.run("publish", TAKEN="sha256:2")
    assert done.returncode == 1
    assert "exists already" in done.stdout
    assert not runner.calls("push")


@pytest.mark.parametrize("broken", ["build", "help", "environment", "trivy"])
def test_what_fails_is_not_published(runner: Runner, tmp_path: Path, broken: str) -> None:
    docker = tmp_path / "programs" / "docker"
    fails = f'case "$*" in *{broken}*) exit 1 ;; esac\n'
    docker.write_text(docker.read_text().replace("#!/bin/sh\n", f"#!/bin/sh\n{fails}"))
    assert runner.run("publish").returncode == 1
    assert not Path(runner.environment["CALLS"]).exists() or not runner.calls("push|login")


@pytest.mark.parametrize(("answers", "builds"), [({}, ["cpu"]), (CUDA, ["cpu", "cuda"])])
def test_each_build_of_the_project_is_published(
    unpacked: Path, tmp_path: Path, answers: dict[str, Any], builds: list[str]
) -> None:
    (matrix,) = Runner(unpacked, tmp_path, answers).jobs["publish"]["parallel"]["matrix"]
    assert matrix == {"TARGET": ["train", "serve"], "ACCELERATOR": builds}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({}, {"check", "test", "build", "project"}),
        ({"BUILD_IMAGES": "true"}, {"check", "test", "build", "project", "images"}),
        (
            {"BUILD_IMAGES": "true", "CI_COMMIT_TAG": "v1.2.0"},
            {"check", "test", "build", "project", "publish"},
        ),
    ],
)
def test_the_rules_choose_the_jobs(
    runner: Runner, told: dict[str, str], expected: set[str]
) -> None:
    git("init", "--quiet", "--initial-branch=main", folder=runner.project)
    git("add", "--all", folder=runner.project)
    git("commit", "--quiet", "--message", "start", folder=runner.project)
    registry = {name: value for name, value in TOLD.items() if name.startswith("CI_REGISTRY")}
    text = run_pipeline(runner.project, variables=registry | told, **runner.environment)
    passed = re.findall(r"^ PASS +([a-z-]+)", text, re.M)
    assert set(passed) == expected
    assert bool(runner.calls("push")) == ("publish" in expected)
