"""Whole projects, as their owners have them: locked, installed, checked, trained, built."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch_index
import workflow_steps
from builds import GOLDEN, tell
from conftest import GIT_IDENTITY, ROOT, Answers, copy, git
from gitlab_runner import run_pipeline
from owner import ALONE, Project, check_platforms, find_python, find_uv, owner_environment

pytestmark = pytest.mark.slow

WHOLE = "locked installed checked tested trained built"
"""What each test here does with its project, as scripts/write_variants.py calls it."""


def check_models(project: Project, *quick: str) -> None:
    """Use a model with every command that knows its framework; search with short trainings."""
    known = project.command("--help")
    assert " passed: " in project.command("evaluate")
    assert "wrote data/predictions.parquet" in project.command("predict")
    if " explain " in known:
        assert "top features: " in project.command("explain", "--explained-rows", "5")
    if " tune " in known:
        search = ("tune", "--trials", "2", "--tuned-path", "data/a.yaml", *quick)
        assert "train --config" in project.command(*search)
        assert accuracy(project.command("train", "--config", "data/a.yaml")) > 0.5


def check_versions(project: Project) -> None:
    """Go the way of versions, which no framework changes; each project's own tests go it, too."""
    assert " passed: " in project.command("evaluate")
    (first,) = re.findall(r"^(\S+) is the champion", project.command("promote"), re.M)
    assert project.command("run").count(" cached ") == 0
    assert project.command("run").count(" cached ") == 3
    assert f"{first} is the champion again" in project.command("promote", "--rollback")
    assert "wrote data/predictions.parquet" in project.command("predict", "--model", first)
    told = project.command("evaluate", "--thresholds", "accuracy=1.0", expect=1)
    assert " failed: accuracy 0.9" in told


def registered(output: str) -> str:
    """Read the scores that a training registers its model with."""
    (scores,) = re.findall(r"^registered \S+: (.*)$", output, re.M)
    return str(scores)


def accuracy(told: str) -> float:
    """Read the accuracy that a training ends with."""
    return float(re.findall(r"accuracy ([\d.]+)", told)[-1])


def check_by_hand(project: Project) -> None:
    """Type what CI runs."""
    for command in ("check", "test", "build"):
        project.uv("run", "--no-sync", "just", command)


def check_as_github(project: Project) -> None:
    """Run the steps of GitHub's workflows that need no more than uv."""
    told = owner_environment() | ALONE | project.environment
    temporary = project.folder.parent / "temporary"
    temporary.mkdir()
    workflows = project.folder / ".github" / "workflows"
    for name in ("ci.yml", "project.yml"):
        for job in workflow_steps.load(workflows / name)["jobs"]:
            run = workflow_steps.Run(workflows / name, job, **told).go(project.folder, temporary)
            assert not run.failed, f"{name}, {job}, {run.failed}:\n{run.told}"


def check_as_gitlab(project: Project) -> None:
    """Run GitLab's pipeline of a push to `main`, and one with a slip of the pen."""
    cache = project.uv("cache", "dir").strip()
    shared = {"UV_CACHE_DIR": cache, "UV_LINK_MODE": "hardlink"}
    told = run_pipeline(project.folder, variables=shared, **project.environment)
    passed = set(re.findall(r"^ PASS +([a-z-]+)", told, re.M))
    assert passed == {"check", "test", "build", "project"}

    pipeline = project.folder / ".gitlab-ci.yml"
    right = pipeline.read_text(encoding="utf-8")
    pipeline.write_text(right.replace("just check", "just chekc"), encoding="utf-8")
    options = {"variables": shared, "expect": 1} | project.environment
    assert "chekc" in run_pipeline(project.folder, "check", **options)
    pipeline.write_text(right, encoding="utf-8")


def check_life(project: Project, check: Callable[[Project], None] = check_by_hand) -> str:
    """Go the whole way of a project, with every command that its README names.

    Returns:
        What a training of it ends with.
    """
    scores = registered(project.command("train"))
    assert "accuracy 0.9" in scores
    check(project)
    assert len(list((project.folder / "dist").iterdir())) >= 2
    if (project.folder / "mkdocs.yml").exists():
        project.uv("run", "--no-sync", "just", "docs")
    if (project.folder / "notebooks").exists():
        project.uv("run", "--no-sync", "just", "notebooks")
    assert git("status", "--porcelain", folder=project.folder) == ""
    return scores


def test_a_newcomer_has_a_model_on_the_first_day(
    snapshot: Path, tmp_path: Path, record_property: Any
) -> None:
    """The README's first command and the line after it, in a clone, with only git and Python."""
    clone = tmp_path / "copier-ml"
    git("clone", "--quiet", str(snapshot), str(clone), folder=tmp_path)
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "python"], check=True)
    shell = {"PATH": f"{tmp_path / 'python' / 'bin'}{os.pathsep}{os.environ['PATH']}"}

    def type_in(line: str) -> str:
        done = subprocess.run(
            ["bash", "-c", line],
            cwd=clone,
            env=owner_environment() | GIT_IDENTITY | shell,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            check=True,
        )
        return done.stdout

    readme = (clone / "README.md").read_text(encoding="utf-8")
    (make,) = re.findall(r"^PIP.*copier-ml new .*$", readme, re.M)
    (train,) = re.findall(r"^cd \.\./my-project && .*$", readme, re.M)
    type_in(f"{make} --defaults")
    assert "accuracy 0.9" in type_in(train)

    # Two workers, as an owner has at least: a project's tests depend on no order.
    project = Project(tmp_path / "my-project", "my-project", PYTEST_XDIST_AUTO_NUM_WORKERS="2")
    tell(record_property, WHOLE, project.folder)
    assert git("log", "--format=%s", folder=project.folder).count("\n") == 1
    assert git("status", "--porcelain", folder=project.folder) == ""
    project.uv("lock", "--check")
    check_platforms(project)
    assert registered(project.command("train")) == check_life(project, check_as_github)
    check_versions(project)
    check_models(project, "--max-iter", "20")


@pytest.mark.nightly  # A newcomer's project takes the same way in each run.
def test_a_bare_project_on_another_python_works(
    snapshot: Path, tmp_path: Path, record_property: Any
) -> None:
    answers: Answers = GOLDEN["bare"] | {
        "project_name": 'The "bare" one',
        "author_name": "Zoë O'Neill",
        "author_email": "zoe@example.org",
        "repository_url": "https://git.example.org/zoe/bare",
    }
    copy(snapshot, tmp_path / "bare", answers)
    python = find_python(answers["python_version"])
    project = Project(tmp_path / "bare", "the-bare-one", UV_PYTHON=python)
    tell(record_property, WHOLE, project.folder)
    pins = str(ROOT / "extensions" / "versions.txt")
    project.uv("add", "--no-sync", "--constraints", pins, "tqdm>=4.67")
    git("init", "--quiet", "--initial-branch=main", folder=project.folder)
    git("add", "--all", folder=project.folder)
    git("commit", "--quiet", "--message", "chore: start", folder=project.folder)
    project.uv("sync", "--locked")
    check_life(project, check_as_gitlab)


@pytest.fixture
def pytorch_index(tmp_path: Path) -> Iterator[str]:
    with torch_index.serving(tmp_path / "index") as url:
        yield url


@pytest.mark.nightly  # A newcomer's project takes the same way in each run.
def test_a_pytorch_project_trains_on_the_genuine_cpu_build(
    snapshot: Path, tmp_path: Path, pytorch_index: str, record_property: Any
) -> None:
    if sys.version_info[:2] != (3, 11):
        pytest.fail("needs Python 3.11: the genuine CPU wheel of torch at hand is for it")
    answers: Answers = GOLDEN["pytorch"] | {"pytorch_index_url": pytorch_index}
    copy(snapshot, tmp_path / "net", answers, tasks=True)
    project = Project(tmp_path / "net", "my-ml-project")
    tell(record_property, WHOLE, project.folder)
    project.uv("lock", "--check")
    pyproject = project.folder / "pyproject.toml"
    pyproject.write_text(pyproject.read_text(encoding="utf-8").replace("~=2.15.0", "~=2.13.0"))
    project.uv("lock")
    git("commit", "--all", "--message", "build: take torch 2.13", folder=project.folder)

    assert "uv run just sync" in project.uv("run", "my-ml-project", "train", expect=1)
    check_platforms(project, "--extra", "cpu")
    project.uv("run", "just", "sync")
    project.uv("run", "python", "-c", "import torch")  # Another run keeps the extra.
    assert accuracy(check_life(project)) >= 0.97
    check_models(project, "--epochs", "4")


@pytest.mark.nightly  # As PyTorch's.
def test_a_jax_project_trains_on_the_cpu(
    snapshot: Path, tmp_path: Path, record_property: Any
) -> None:
    answers: Answers = GOLDEN["jax"]
    python = find_python(answers["python_version"])
    tools = {"UV": find_uv(), "UV_PYTHON": python}
    copy(snapshot, tmp_path / "jax", answers, tasks=True, **tools)
    project = Project(tmp_path / "jax", UV_PYTHON=python)
    tell(record_property, WHOLE, project.folder)
    project.uv("lock", "--check")
    assert "build: cpu" in project.uv("run", "just", "sync")
    assert accuracy(check_life(project)) >= 0.97
    assert " passed: " in project.command("evaluate")
    asked = project.command("train", "--device", "cuda", expect=1).splitlines()[-1]
    assert asked.startswith("my-ml-project: device = 'cuda'")
