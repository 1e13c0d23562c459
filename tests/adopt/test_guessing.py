"""Answers are guessed from what a repository has."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import git
from tiny import commit

from copier_ml.adopt.guesses import guess
from copier_ml.cli import main
from copier_ml.shared import project

SETUP = """\
from setuptools import find_packages, setup

setup(
    name="Churn-Model",
    description="Who leaves,\\n and when",
    author="Ada Lovelace",
    author_email="ada@example.org",
    license="BSD 3-Clause",
    packages=find_packages(),
    python_requires=">=3.12, <4",
    install_requires=["scikit-learn>=1.5", "pandas"],
)
"""
SETUPTOOLS = {
    "setup.py": SETUP,
    "churn/__init__.py": "",
    "tests/__init__.py": "",
    "LICENSE": "BSD 3-Clause License\n\nCopyright (c) 2019, Ada\n",
    "docs/conf.py": "# Sphinx\n",
    ".gitlab-ci.yml": "test: {script: [pytest]}\n",
}
TORCH = {
    "pyproject.toml": """\
[project]
name = "segmenter"
dynamic = ["version"]
requires-python = ">=3.11"
license = "Apache-2.0"
authors = [{ name = "Ada" }]
dependencies = ["torch==2.8.0+cu126", "scikit-learn"]

[[tool.uv.index]]
name = "Our-Mirror"
url = "https://ada:secret@mirror.example.org/simple/"
default = true

[[tool.uv.index]]
name = "torch-builds"
url = "https://mirror.example.org/whl/cu126"
explicit = true
""",
    "Dockerfile": "FROM nvidia/cuda:13.0.1-runtime-ubuntu24.04\n",
    ".devcontainer/devcontainer.json": "{}\n",
    "docs/index.md": "# Docs\n",
    "notebooks/look.ipynb": "{}\n",
    "src/segmenter/__init__.py": "",
}


def guesses(folder: Path, files: dict[str, str]) -> dict[str, Any]:
    found = guess(project.locate(commit(folder, files)))
    return {name: it.value for name, it in found.items()}


def test_a_project_of_setuptools(tmp_path: Path) -> None:
    assert guesses(tmp_path / "p", SETUPTOOLS) == {
        "project_name": "Churn-Model",
        "package_name": "churn",
        "description": "Who leaves, and when",
        "author_name": "Ada Lovelace",
        "author_email": "ada@example.org",
        "license": "BSD-3-Clause",
        "copyright_year": 2019,
        "forge": "gitlab",
        "framework": "sklearn",
        "python_version": "3.12",
        "profile": "minimal",
    }


def test_a_project_of_uv_with_torch(tmp_path: Path) -> None:
    found = guesses(tmp_path / "p", TORCH)
    assert found == {
        "project_name": "segmenter",
        "package_name": "segmenter",
        "author_name": "Ada",
        "license": "Apache-2.0",
        "framework": "pytorch",
        "python_version": "3.11",
        "cuda_version": "12.6",
        "package_index": "mirror",
        "package_index_url": "https://mirror.example.org/simple",
        "package_index_auth": "token",
        "package_index_name": "ourmirror",
        "pytorch_index_url": "https://mirror.example.org/whl",
        "profile": "choose",
        "features": ["containers", "docs", "devcontainer", "notebooks"],
    }


def test_a_bare_repository(tmp_path: Path) -> None:
    assert guesses(tmp_path / "churn", {"fit.py": "import jax.numpy as jnp\n"}) == {
        "project_name": "churn",
        "package_name": "churn",
        "license": "Proprietary",
        "framework": "jax",
        "profile": "minimal",
    }


@pytest.mark.parametrize(
    ("files", "name", "answer"),
    [
        (
            {"Dockerfile": "FROM docker.io/library/python:3.13-slim AS x\n"},
            "python_version",
            "3.13",
        ),
        ({".python-version": "3.14.1\n"}, "python_version", "3.14"),
        ({"setup.cfg": "[options]\npython_requires = <4,>=3.12\n"}, "python_version", "3.12"),
        ({"environment.yml": "dependencies:\n  - pytorch-cuda=12.6\n"}, "cuda_version", "12.6"),
        ({"environment.yml": "dependencies:\n  - pytorch=2.6\n"}, "framework", "pytorch"),
        ({"requirements.txt": "jax[cuda13]\n"}, "cuda_version", "13.0"),
        ({"Dockerfile": "FROM pytorch/pytorch:2.9-cuda13.0-cudnn9\n"}, "cuda_version", "13.0"),
        (
            {"requirements.txt": "--extra-index-url https://u:p@i.example.org/simple\nx\n"},
            "package_index",
            "private",
        ),
        ({"pyproject.toml": '[tool.poetry]\nauthors = ["A <a@b.c>"]\n'}, "author_email", "a@b.c"),
        ({"COPYING": "GNU GENERAL PUBLIC LICENSE\n"}, "license", "GPL"),
        ({"LICENSE": "Do what you want.\n"}, "license", "another licence"),
    ],
)
def test_where_an_answer_can_be_read(
    tmp_path: Path, files: dict[str, str], name: str, answer: str
) -> None:
    assert guesses(tmp_path / "p", files)[name] == answer


@pytest.mark.parametrize(
    ("remote", "address"),
    [
        ("git@github.com:ada/churn.git", "https://github.com/ada/churn"),
        (
            "https://ada:secret@git.example.org:8443/a/churn.git",
            "https://git.example.org:8443/a/churn",
        ),
        ("ssh://git@git.example.org:2222/a/b/churn.git", "https://git.example.org/a/b/churn"),
        ("/srv/git/churn.git", None),
        ("../churn", None),
    ],
)
def test_the_repository_is_that_of_the_remote(
    tmp_path: Path, remote: str, address: str | None
) -> None:
    folder = commit(tmp_path / "p", {"a": ""})
    git("remote", "add", "origin", remote, folder=folder)
    found = guess(project.locate(folder)).get("repository_url")
    assert (found.value if found else None) == address


def test_no_guess_holds_a_credential(tmp_path: Path) -> None:
    requirements = {
        "requirements.txt": "--index-url https://u:secret@i.example.org/simple\ntorch\n"
    }
    assert "secret" not in repr(guesses(tmp_path / "p", TORCH | requirements))


def test_a_file_that_is_no_toml_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = commit(tmp_path / "p", {"pyproject.toml": "[project\n"})
    assert main(["adopt", str(folder), "--yes", "--template", str(folder), "--trust"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("copier-ml: pyproject.toml is no TOML:")


@pytest.mark.parametrize("files", [SETUPTOOLS, TORCH])
def test_the_template_takes_what_was_guessed(
    snapshot: Path, tmp_path: Path, files: dict[str, str]
) -> None:
    folder = commit(tmp_path / "p", files)
    expected = guess(project.locate(folder))
    assert main(["adopt", str(folder), "--yes", "--template", str(snapshot), "--trust"]) == 0
    branch = git("for-each-ref", "--format=%(refname)", "refs/heads/template", folder=folder)
    recorded = yaml.safe_load(git("show", f"{branch.strip()}:.copier-answers.yml", folder=folder))
    assert not {name for name, it in expected.items() if recorded.get(name) != it.value}
