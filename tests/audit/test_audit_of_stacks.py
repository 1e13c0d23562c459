"""The first `just audit` of a project passes: its rules fit the packages that each stack brings."""

import os
import subprocess
import tomllib
from pathlib import Path

import pytest
import tomli_w
from conftest import ROOT, Answers, copy
from owner import Project, find_copier_ml, find_python


@pytest.mark.slow
@pytest.mark.parametrize(
    "answers",
    [
        {"framework": "sklearn", "cuda_version": "none"},
        {"framework": "jax", "cuda_version": "13.0"},
        {"framework": "pytorch", "cuda_version": "13.2"},  # The build of the public index.
    ],
    ids=["sklearn", "jax", "pytorch"],
)
def test_the_rules_permit_what_a_stack_brings(
    unpacked: Path, tmp_path: Path, answers: Answers
) -> None:
    python = find_python("3.12")
    chosen = answers | {"python_version": "3.12", "profile": "everything"}
    folder = copy(unpacked, tmp_path / "project", chosen)
    use_the_public_index(folder / "pyproject.toml")
    pins = ROOT / "extensions"
    stack = pins / "versions" / f"{answers['framework']}-{answers['cuda_version']}.txt"
    constraints = [pins / "versions.txt", *([stack] if stack.exists() else [])]
    options = [f"--constraints={path}" for path in constraints]
    project = Project(folder, UV_PYTHON=python)
    project.uv("add", "--quiet", "--no-sync", *options, "tqdm>=4.67")

    done = subprocess.run(
        [find_copier_ml(), "audit", ".", "licenses", "denied"],
        cwd=folder,
        env=os.environ | {"HOME": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout
    names = {one["name"] for one in tomllib.loads((folder / "uv.lock").read_text())["package"]}
    assert ("nvidia-nvjitlink" in names) == (answers["cuda_version"] != "none")
    assert len(names) > 200


def use_the_public_index(pyproject: Path) -> None:
    """Take PyTorch from there: it has the build for CUDA, and what this requires."""
    loaded = tomllib.loads(pyproject.read_text(encoding="utf-8"))
    for key in ("index", "sources"):
        loaded["tool"]["uv"].pop(key, None)
    pyproject.write_text(tomli_w.dumps(loaded), encoding="utf-8")
