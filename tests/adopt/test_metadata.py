"""What a package's metadata require is translated, whichever tool they are for."""

from pathlib import Path

import pytest
from required import reasons, translate

from copier_ml.adopt.formats import entry, poetry
from copier_ml.adopt.requirements import Requirements

SETUP = """import os
from setuptools import find_packages, setup

os.system("touch ran")
PLOTS = ["matplotlib==3.8"]
TESTS = ["pytest"]
TESTS.append("hypothesis")

setup(
    name="churn",
    python_requires="~=3.9",
    install_requires=["numpy==1.26.4", "pandas>=2,<3"],
    extras_require={"plots": PLOTS, "tests": TESTS, ":os_name=='nt'": "pywin32", **OTHERS},
)
"""


def test_what_setup_py_states_is_read_and_not_run(tmp_path: Path) -> None:
    found = translate(tmp_path, {"setup.py": SETUP})
    assert found.requires_python == ">=3.9"
    assert found.dependencies == ["numpy>=1.26.4", "pandas>=2,<3", 'pywin32; os_name == "nt"']
    assert found.extras == {"plots": ["matplotlib>=3.8"]}
    assert reasons(found).keys() == {
        "extras_require['tests'] = TESTS",
        "extras_require['**'] = OTHERS",
    }
    assert not list(tmp_path.rglob("ran"))


def test_what_setup_py_computes_is_in_requirements_files_or_listed(tmp_path: Path) -> None:
    setup = "setup(install_requires=open('requirements.txt').read().splitlines())\n"
    found = translate(tmp_path / "none", {"setup.py": setup})
    (line,) = reasons(found)
    assert line == "install_requires = open('requirements.txt').read().splitlines()"
    found = translate(tmp_path / "some", {"setup.py": setup, "requirements.txt": "numpy\n"})
    assert (found.dependencies, found.untranslated) == (["numpy"], [])


def test_setup_cfg(tmp_path: Path) -> None:
    text = """[options]
python_requires = >=3.9
install_requires =
    numpy==1.26.4
    # Fast frames
    pandas~=2.1; python_version < "3.13"
[options.extras_require]
plots = file: plots.txt
all = %(plots)s
"""
    found = translate(tmp_path, {"setup.cfg": text, "plots.txt": "matplotlib\n"})
    assert found.dependencies == ["numpy>=1.26.4", 'pandas>=2.1; python_version < "3.13"']
    assert (found.extras, found.requires_python) == ({"plots": ["matplotlib"]}, ">=3.9")
    assert found.origins["matplotlib"] == "plots.txt"
    assert reasons(found) == {"%(plots)s": entry.INVALID}


POETRY = """[tool.poetry.dependencies]
python = "^3.10"
numpy = "^1.26.4"
scipy = "1.11.*"
tqdm = "*"
requests = { version = "~2.31", extras = ["socks"], markers = "sys_platform == 'linux'" }
shap = { version = "^0.44", optional = true }
lost = { version = "^1", optional = true }
lib = { git = "git@example.org:a/lib.git", tag = "v1" }
thing = { path = "vendor/thing", develop = true }
torch = [
    { url = "https://example.org/torch-2.0-cp310.whl", python = "<3.11" },
    { url = "https://example.org/torch-2.0-cp311.whl", python = ">=3.11,<3.12.1" },
]
ours = { version = "^1", source = "private" }
jax = { version = "^0.4", source = "wheels" }
broken = "latest"
[tool.poetry.extras]
explain = ["SHAP"]
[tool.poetry.dev-dependencies]
ruff = "^0.5 || ^0.7"
[tool.poetry.group.docs]
include-groups = ["dev"]
[tool.poetry.group.docs.dependencies]
mkdocs = ">= 1.5, <2"
[[tool.poetry.source]]
name = "private"
url = "https://example.org/simple"
[[tool.poetry.source]]
name = "wheels"
url = "https://download.pytorch.org/whl/cpu"
"""


def test_tables_of_poetry(tmp_path: Path) -> None:
    found = translate(tmp_path, {"pyproject.toml": POETRY, "poetry.lock": ""})
    assert found.requires_python == ">=3.10"
    assert found.dependencies == [
        "numpy>=1.26.4",
        "scipy>=1.11",
        "tqdm",
        'requests[socks]>=2.31; sys_platform == "linux"',
        "lib",
        "thing",
        'torch; python_version < "3.11"',
        'torch; python_version >= "3.11" and python_full_version < "3.12.1"',
        "jax>=0.4",
    ]
    assert found.extras == {"explain": ["shap>=0.44"]}
    assert found.groups == {
        "dev": ["ruff>=0.5"],
        "docs": ["mkdocs>=1.5,<2", {"include-group": "dev"}],
    }
    assert found.sources.pop("torch") == [
        {
            "url": "https://example.org/torch-2.0-cp310.whl",
            "marker": 'python_version < "3.11"',
        },
        {
            "url": "https://example.org/torch-2.0-cp311.whl",
            "marker": 'python_version >= "3.11" and python_full_version < "3.12.1"',
        },
    ]
    assert found.sources == {
        "lib": {"git": "ssh://git@example.org/a/lib.git", "tag": "v1"},
        "thing": {"path": "vendor/thing", "editable": True},
    }
    assert found.locks == ["poetry.lock"]
    assert reasons(found).keys() == {"lost", "ours", "broken==latest"}


@pytest.mark.parametrize(
    ("constraint", "text"),
    [
        ("^1.26", ">=1.26"),
        ("~1.26", ">=1.26"),
        ("~=1.26", ">=1.26"),
        ("1.26", "==1.26"),
        (">= 1.2 <2", ">=1.2,<2"),
        ("*", ""),
    ],
)
def test_versions_of_poetry(constraint: str, text: str) -> None:
    assert poetry.bound(constraint) == text


def test_pipfiles(tmp_path: Path) -> None:
    text = """[packages]
numpy = "==1.26.4"
requests = {version = "*", extras = ["socks"], sys_platform = "== 'win32'"}
lib = {git = "https://example.org/a/lib.git", ref = "v1", editable = true}
[dev-packages]
pytest = "*"
[docs]
mkdocs = "~=1.5"
[requires]
python_version = "3.10"
"""
    found = translate(tmp_path, {"Pipfile": text})
    assert found.dependencies == [
        "numpy>=1.26.4",
        'requests[socks]; sys_platform == "win32"',
        "lib",
    ]
    assert found.groups == {"dev": ["pytest"], "docs": ["mkdocs>=1.5"]}
    assert found.sources == {"lib": {"git": "https://example.org/a/lib.git", "rev": "v1"}}
    assert found.requires_python == ">=3.10"


STANDARD = """[project]
name = "churn"
requires-python = ">=3.9,<3.13"
dependencies = ["scipy==1.11", "numpy>=1.26, <2"]
[project.optional-dependencies]
Plots = ["matplotlib ~= 3.8"]
[dependency-groups]
Dev = ["numpy==1.26.4", { include-group = "lint" }]
lint = ["ruff==0.5"]
[tool.uv]
dev-dependencies = ["ipdb==0.13"]
[tool.uv.sources]
scipy = { index = "ours" }
[tool.pdm.dev-dependencies]
test = ["pytest~=8.0", "-e file:///${PROJECT_ROOT}/sub/#egg=sub"]
[tool.hatch.envs.default]
dependencies = ["coverage==7.5"]
[tool.hatch.envs.types]
extra-dependencies = ["mypy==1.10"]
"""


def test_standard_tables_stay_word_by_word_and_tools_add_groups(tmp_path: Path) -> None:
    files = {"pyproject.toml": STANDARD, "requirements.txt": "numpy==1.0\ntqdm\n"}
    found = translate(tmp_path, files)
    assert found.requires_python == ">=3.9,<3.13"
    assert found.dependencies == ["scipy==1.11", "numpy>=1.26, <2", "tqdm"]
    assert found.extras == {"Plots": ["matplotlib ~= 3.8"]}
    assert found.groups == {
        "Dev": ["numpy==1.26.4", {"include-group": "lint"}, "ipdb>=0.13", "coverage>=7.5"],
        "lint": ["ruff==0.5"],
        "test": ["pytest>=8.0", "sub"],
        "types": ["mypy>=1.10"],
    }
    assert found.sources == {
        "scipy": {"index": "ours"},
        "sub": {"path": "sub", "editable": True},
    }


def test_dynamic_dependencies_of_setuptools(tmp_path: Path) -> None:
    text = """[project]
name = "churn"
dynamic = ["dependencies", "optional-dependencies"]
[tool.setuptools.dynamic]
dependencies = { file = ["deps/run.txt"] }
optional-dependencies.plots = { file = "plots.txt" }
"""
    files = {"pyproject.toml": text, "deps/run.txt": "numpy==1.26.4\n"}
    found = translate(tmp_path, files)
    assert found.dependencies == ["numpy>=1.26.4"]
    assert [it.file for it in found.untranslated] == ["plots.txt"]


def test_a_repository_that_requires_nothing(tmp_path: Path) -> None:
    assert translate(tmp_path, {"train.py": "import numpy\n"}) == Requirements()


@pytest.mark.parametrize(
    ("setup", "listed"),
    [
        ("setup(**{'install_requires': ['numpy']})", "** = {'install_requires': ['numpy']}"),
        ("setup(python_requires='>=' + OLDEST)", "python_requires = '>=' + OLDEST"),
        ("setup(extras_require=read())", "extras_require = read()"),
        ("setup(extras_require={'a': 1})", "extras_require['a'] = 1"),
        ("setup(install_requires=BASE + ['numpy'])", "install_requires = BASE + ['numpy']"),
    ],
)
def test_what_setup_py_computes_is_listed(tmp_path: Path, setup: str, listed: str) -> None:
    found = translate(tmp_path, {"setup.py": setup})
    assert reasons(found) == {listed: "it is computed by code, which is not run"}
    assert not found.dependencies


@pytest.mark.parametrize(
    "text",
    [
        "[tool.poetry]\ndependencies = 5\nsource = [5]\nextras = { a = 5 }\ngroup = { a = 5 }\n",
        "[tool.poetry.dependencies]\npython = 5\n[tool.poetry.group.a]\ninclude-groups = 5\n",
        "[project]\ndependencies = 5\noptional-dependencies = { a = 5 }\nrequires-python = 5\n",
        "[tool]\nuv = 5\npdm = { dev-dependencies = [5] }\nhatch = { envs = { a = 5 } }\n",
        "dependency-groups = 5\n[tool.setuptools.dynamic]\ndependencies = { file = 5 }\n",
    ],
)
def test_tables_of_other_types_are_left_out(tmp_path: Path, text: str) -> None:
    found = translate(
        tmp_path, {"pyproject.toml": text, "environment.yml": "[5]\n", "setup.py": ")"}
    )
    assert not found.dependencies
