"""A project without a part works: left out by answer, deleted by hand, added later."""

import re
import shutil
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, copy, git
from owner import Project, commit
from updates import update

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("parts")]

FEATURES = tomllib.loads((ROOT / "extensions/choices.toml").read_text(encoding="utf-8"))["features"]
PACKAGE = "src/{package}/"
PARTS = [name for name, row in FEATURES.items() if any(PACKAGE in path for path in row["paths"])]

EACH_RUN = {"serving"}
"""The part that the most other files mention; the others are tried at night."""

ADDED = {"containers", "docs", "serving"}
"""Parts that are added in each run."""


def at_night(parts: Iterable[str], *, but: set[str]) -> list[Any]:
    return [pytest.param(it, marks=() if it in but else pytest.mark.nightly) for it in parts]


USE = """
import sys
from my_ml_project import cli
for line in ("train --max-iter 20", "evaluate --thresholds accuracy=0.8", "predict"):
    sys.argv[1:] = line.split()
    cli.main()
"""
"""Uses the core in one process: what takes longest is the import."""


def paths(part: str) -> list[str]:
    """Name the files and folders of a part."""
    return [path.format(package="my_ml_project") for path in FEATURES[part]["paths"]]


def leave_out(snapshot: Path, folder: Path, part: str) -> None:
    kept = [name for name in FEATURES if name != part]
    copy(snapshot, folder, {"profile": "choose", "features": kept})


def delete(everything: Path, folder: Path, part: str) -> None:
    ignored = shutil.ignore_patterns(".venv", ".git", ".*_cache", "mlruns", "data", "reports")
    shutil.copytree(everything, folder, ignore=ignored)
    for path in paths(part):
        shutil.rmtree(folder / path) if (folder / path).is_dir() else (folder / path).unlink()


def python(project: Path) -> dict[str, str]:
    """Read all Python of a project."""
    files = [*project.glob("src/**/*.py"), *project.glob("tests/**/*.py")]
    return {str(path.relative_to(project)): path.read_text(encoding="utf-8") for path in files}


@pytest.mark.parametrize("part", at_night(PARTS, but=EACH_RUN))
def test_a_project_without_a_part_works(
    everything: Project, snapshot: Path, tmp_path: Path, part: str
) -> None:
    answered, deleted = tmp_path / "answered" / "project", tmp_path / "deleted" / "project"
    leave_out(snapshot, answered, part)
    delete(everything.folder, deleted, part)
    environment = {"PATH": f"{everything.folder / '.venv' / 'bin'}:/usr/bin:/bin"}
    environment["MYPY_CACHE_DIR"] = str(everything.folder / ".mypy_cache")
    for folder in (answered, deleted):
        assert not any((folder / path).exists() for path in paths(part))
        Project(folder, **environment).run("mkdocs", "build", "--strict", "--quiet")

    assert python(answered) == python(deleted)  # So one of them is checked and run.
    project = Project(answered, PYTHONPATH=str(answered / "src"), **environment)
    project.run("ruff", "check")
    project.run("ruff", "format", "--check")
    project.run("mypy")
    # Its tests are run where no part is left, in test_golden.py; none imports a part of another.
    project.run("pytest", "--quiet", "--collect-only")
    told = project.run("python", "-c", USE)
    assert "accuracy 0.9" in told
    assert " passed: " in told
    assert "wrote data/predictions.parquet" in told


def files(project: Path) -> dict[str, str]:
    """Read what an update writes; the template's one commit has several names."""
    listed = git("ls-files", "-z", folder=project).split("\0")[:-1]
    found = {name: (project / name).read_text(encoding="utf-8") for name in listed}
    answers = found.pop(".copier-answers.yml")
    return found | {"answers": re.sub(r"_commit: .*", "", answers)}


@pytest.mark.parametrize("part", at_night(FEATURES, but=ADDED))
def test_a_part_is_added_later(snapshot: Path, tmp_path: Path, part: str) -> None:
    project = copy(snapshot, tmp_path / "project", {"profile": "minimal"})
    fresh = copy(snapshot, tmp_path / "fresh", {"profile": "choose", "features": [part]})
    for folder in (project, fresh):
        commit(folder, "start")

    update(project, "--apply", "--data", "profile=choose", "--data", f"features=[{part}]")
    assert files(project) == files(fresh)
