"""Answers are guessed from what a repository has."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import git
from loaded import matrix
from tiny import commit, license_text

from copier_ml.adopt import guesses as tables
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
    "LICENSE": license_text("BSD-3-Clause", year=2019),
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


PROJECT = '[project]\nname = "churn"\n'
POETRY = '[tool.poetry]\nname = "churn"\n'


def guesses(folder: Path, files: dict[str, str]) -> dict[str, Any]:
    found = guess(project.locate(commit(folder, files)))
    return {name: it.value for name, it in found.items()}


def test_a_project_of_setuptools(tmp_path: Path) -> None:
    assert guesses(tmp_path / "p", SETUPTOOLS) == {
        "project_name": "Churn-Model",
        "package_name": "churn",
        "code": "own",
        "description": "Who leaves, and when",
        "author_name": "Ada Lovelace",
        "author_email": "ada@example.org",
        "license": "BSD-3-Clause",
        "copyright_year": 2019,
        "forge": "gitlab",
        "framework": "sklearn",
        "python_version": "3.12",
        "profile": "choose",
        "features": ["containers"],
    }


def test_a_project_of_uv_with_torch(tmp_path: Path) -> None:
    found = guesses(tmp_path / "p", TORCH)
    assert found == {
        "project_name": "segmenter",
        "package_name": "segmenter",
        "code": "own",
        "author_name": "Ada",
        "author_email": "",
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
        "features": ["containers", "devcontainer", "notebooks"],
    }


def test_a_bare_repository(tmp_path: Path) -> None:
    assert guesses(tmp_path / "churn", {"fit.py": "import jax.numpy as jnp\n"}) == {
        "project_name": "churn",
        "package_name": "churn",
        "code": "own",
        "license": "existing",
        "framework": "jax",
        "profile": "choose",
        "features": ["containers", "docs"],
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
        ({"environment.yml": "dependencies:\n  - python=3.12\n"}, "python_version", "3.12"),
        ({"runtime.txt": "python-3.13.2\n"}, "python_version", "3.13"),
        ({"setup.cfg": "[options]\npython_requires = !=3.12.*,>=3.13\n"}, "python_version", "3.13"),
        ({"setup.cfg": "[options]\npython_requires = >=3.8\n"}, "python_version", "3.11"),
        ({"runtime.txt": "python-3.15.0\n"}, "python_version", "3.14"),
        ({"requirements.txt": "jax\n", ".python-version": "3.11\n"}, "python_version", "3.12"),
        ({"setup.cfg": "[options]\npython_requires = <4,>=3.12\n"}, "python_version", "3.12"),
        ({"environment.yml": "dependencies:\n  - pytorch-cuda=12.6\n"}, "cuda_version", "12.6"),
        ({"environment.yml": "dependencies:\n  - pytorch=2.6\n"}, "framework", "pytorch"),
        ({"requirements.txt": "jax[cuda13]\n"}, "cuda_version", "13.0"),
        ({"Dockerfile": "FROM pytorch/pytorch:2.9-cuda13.0-cudnn9\n"}, "cuda_version", "13.0"),
        ({"Dockerfile": "FROM nvidia/cuda:11.8.0-base\n"}, "cuda_version", "12.6"),
        ({"requirements.txt": "torch==2.7.0+cu128\n"}, "cuda_version", "12.6"),
        ({"requirements.txt": "torch==2.14.0+cu132\n"}, "cuda_version", "13.2"),
        ({"requirements.txt": "jax[cuda12]\n"}, "cuda_version", "12.6"),
        (
            {"environment.yml": "dependencies:\n  - jax\n  - cuda-version=13.2\n"},
            "cuda_version",
            "13.0",
        ),
        ({"requirements.txt": "torch\nflax\n"}, "framework", "jax"),
        (
            {"requirements.txt": "scikit-learn\n", "requirements-dev.txt": "torch\n"},
            "framework",
            "sklearn",
        ),
        (
            {"requirements/base.in": "xgboost\n", "requirements/gpu.txt": "torch\n"},
            "framework",
            "xgboost",
        ),
        ({"requirements-dev.txt": "lightgbm\n", "a.py": "import torch\n"}, "framework", "lightgbm"),
        (
            {"environment.yml": "channels:\n- pytorch\ndependencies:\n- conda-forge::xgboost\n"},
            "framework",
            "xgboost",
        ),
        (
            {
                "pyproject.toml": PROJECT + 'dependencies = ["torch"]\n'
                'optional-dependencies.tpu = ["flax"]\n[dependency-groups]\ndev = ["jax"]\n'
            },
            "framework",
            "pytorch",
        ),
        (
            {
                "pyproject.toml": POETRY + '[tool.poetry.dependencies]\nxgboost = "*"\n'
                'torch = {version = "*", optional = true}\n'
            },
            "framework",
            "xgboost",
        ),
        (
            {
                "setup.cfg": "[options]\ninstall_requires = xgboost\n"
                "[options.extras_require]\nnet = torch\n"
            },
            "framework",
            "xgboost",
        ),
        ({"renovate.json": "{}\n", ".github/workflows/ci.yml": "\n"}, "dependency_bot", "renovate"),
        ({".github/renovate.json5": "{}\n"}, "dependency_bot", "renovate"),
        ({".renovaterc": "{}\n"}, "dependency_bot", "renovate"),
        ({".github/dependabot.yml": "\n"}, "dependency_bot", "dependabot"),
        (
            {
                "src/__init__.py": "",
                "src/models/__init__.py": "",
                "setup.cfg": "[metadata]\nname=Bo X\n",
            },
            "package_name",
            "bo_x",
        ),
        (
            {"src/company/churn/__init__.py": "", "src/company/churn/io/__init__.py": ""},
            "package_name",
            "churn",
        ),
        (
            {
                "src/a/b/__init__.py": "",
                "src/a/c/__init__.py": "",
                "setup.cfg": "[metadata]\nname=c\n",
            },
            "package_name",
            "c",
        ),
        ({"docs/index.md": "# Docs\n", "mkdocs.yml": "site_name: a\n"}, "features", ["docs"]),
        ({"docs/index.md": "# Docs\n"}, "profile", "minimal"),
        ({"docs/index.md": "# Docs\n", "fit.py": ""}, "features", ["containers"]),
        ({"docs/conf.py": "", "fit.py": ""}, "features", ["containers"]),
        ({"mkdocs.yml": "site_name: a\n", "fit.py": ""}, "features", ["containers", "docs"]),
        (
            {"requirements.txt": "--extra-index-url https://u:p@i.example.org/simple\nx\n"},
            "package_index",
            "private",
        ),
        ({"pyproject.toml": '[tool.poetry]\nauthors = ["A <a@b.c>"]\n'}, "author_email", "a@b.c"),
    ],
)
def test_where_an_answer_can_be_read(
    tmp_path: Path, files: dict[str, str], name: str, answer: Any
) -> None:
    assert guesses(tmp_path / "p", files)[name] == answer


def test_the_nearest_that_is_offered_is_named_as_such(tmp_path: Path) -> None:
    files = {"requirements.txt": "torch==2.4.0+cu121\n", ".python-version": "3.9\n"}
    found = guess(project.locate(commit(tmp_path / "p", files)))
    nearest = "nearest offered version to {}"
    assert found["python_version"].origin == f".python-version; {nearest.format('3.9')}"
    assert found["cuda_version"].origin.endswith(f" in requirements.txt; {nearest.format('12.1')}")
    commit(tmp_path / "p", {"requirements.txt": "torch==2.14.0+cu132\n"})
    assert (
        guess(project.locate(tmp_path / "p"))["cuda_version"].origin == "+cu132 in requirements.txt"
    )


def test_a_version_of_cuda_is_no_guess_where_it_is_not_asked(tmp_path: Path) -> None:
    files = {"requirements.txt": "xgboost\n", "Dockerfile": "FROM nvidia/cuda:13.0.1-base\n"}
    assert "cuda_version" not in guesses(tmp_path / "p", files)


def test_what_is_offered_is_what_the_template_offers() -> None:
    for framework in {*tables.FRAMEWORKS.values()}:
        cudas = tables.CUDAS.get(framework, ())
        served = [it for it in matrix.offered_pythons() if not matrix.refuse_stack(framework, it)]
        oldest, newest = tables.PYTHONS.get(framework, tables.OTHER_PYTHONS)
        assert served == [f"3.{minor}" for minor in range(oldest, newest + 1)], framework
        assert list(cudas) == [
            cuda
            for cuda in matrix.offered_cudas()[1:]
            if not all(matrix.refuse_stack(framework, python, cuda) for python in served)
        ], framework


@pytest.mark.parametrize(
    ("files", "author"),
    [
        ({"pyproject.toml": PROJECT + "authors = [{name = 'A'}, {name = 'B', email = 'b@x.y'}]\n"},
         ("B", "b@x.y")),
        ({"pyproject.toml": PROJECT + "authors = [{name = 'A'}, {email = 'b@x.y'}]\n"}, ("A", "")),
        ({"pyproject.toml": PROJECT + "authors = [{name = 'A'}]\n",
          "setup.cfg": "[metadata]\nauthor = B\nauthor_email = b@x.y\n"}, ("A", "")),
        ({"pyproject.toml": POETRY + "authors = ['A', 'B <b@x.y>', 'C <c@x>']\n"}, ("B", "b@x.y")),
        ({"setup.cfg": "[metadata]\nauthor = A, B\nauthor_email = a@x.y, b@x.y\n"}, ("A", "a@x.y")),
        ({"setup.cfg": "[metadata]\nauthor = A, B\nauthor_email = team@x.y\n"}, ("A, B", "")),
        ({"setup.py": "setup(author_email='a@x.y')"}, ("", "a@x.y")),
    ],
)  # fmt: skip
def test_name_and_address_are_of_one_author(
    tmp_path: Path, files: dict[str, str], author: tuple[str, str]
) -> None:
    found = guesses(tmp_path / "p", files)
    assert (found["author_name"], found["author_email"]) == author


def test_a_remote_has_a_better_name_than_a_folder_and_a_worse_one_than_metadata(
    tmp_path: Path,
) -> None:
    folder = commit(tmp_path / "repo-copy", {"models/net/a.py": ""})
    git("remote", "add", "origin", "git@git.example.org:ada/churn.git", folder=folder)
    assert guess(project.locate(folder))["project_name"] == ("churn", "the remote 'origin'")
    assert guess(project.locate(folder / "models/net"))["project_name"].value == "net"
    git("remote", "set-url", "origin", "https://ada:secret@example.org", folder=folder)
    assert guess(project.locate(folder))["project_name"].value == "repo-copy"
    commit(folder, {"setup.cfg": "[metadata]\nname = attrition\n"})
    assert guess(project.locate(folder))["project_name"] == ("attrition", "setup.cfg")


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
    assert line.startswith("copier-ml: pyproject.toml is invalid:")


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
