"""Twenty small repositories, one of each kind and layout that adoptions meet. All are our own."""

import json

TEST = "from churn.rate import rate\n\n\ndef test_rate():\n    assert rate([1, 0]) == 0.5\n"
RATE = """import os, sys
def rate(left):
    total = 0
    for item in left:
        total = total + item
    return total / len(left)
"""
PACKAGE = {"churn/__init__.py": "", "churn/rate.py": RATE, "tests/test_rate.py": TEST}
IN_SRC = {f"src/{path}" if path.startswith("churn") else path: PACKAGE[path] for path in PACKAGE}
CONFTEST = {"conftest.py": ""}
"""Puts the folder on the path of pytest."""

GPL = "GNU GENERAL PUBLIC LICENSE\nVersion 3, 29 June 2007\n"
MIT = "MIT License\n\nCopyright (c) 2019 Ada\n\nPermission is hereby granted, free of charge\n"
NOTEBOOK = json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
SETUP = """from setuptools import setup, find_packages

setup(
    name="churn",
    version="0.3.1",
    packages=find_packages(include=["churn*"]),
    install_requires=["attrs==23.1.0"],
    extras_require={"test": ["pytest"]},
    entry_points={"console_scripts": ["churn-rate=churn.rate:rate"]},
)
"""
PEP_621 = """[project]
name = "churn"
version = "1.2.0"
requires-python = ">=3.11"
dependencies = ["attrs>=23"]
"""
POETRY = """[tool.poetry]
name = "churn"
version = "0.2.0"
description = "Who leaves?"
authors = ["Ada Lovelace <ada@example.org>"]

[tool.poetry.dependencies]
python = "^3.11"
attrs = "^23.1"

[tool.poetry.group.dev.dependencies]
pytest = "*"

[build-system]
requires = ["poetry-core"]
build-backend = "poetry.core.masonry.api"
"""

REPOSITORIES: dict[str, dict[str, str]] = {
    "flat": PACKAGE | CONFTEST | {"requirements.txt": "attrs==23.1.0\npytest\n", "LICENSE": MIT},
    "src": IN_SRC
    | {
        "pyproject.toml": PEP_621
        + '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n',
        "COPYING": GPL,
    },
    "namespace": {
        "src/acme/churn/__init__.py": "",
        "src/acme/churn/rate.py": RATE,
        "tests/test_rate.py": TEST.replace("from churn", "from acme.churn"),
        "pyproject.toml": PEP_621.replace('"churn"', '"acme-churn"')
        + '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
        + '[tool.hatch.build.targets.wheel]\npackages = ["src/acme"]\n',
    },
    "notebooks only": {"notebooks/explore.ipynb": NOTEBOOK, "README.md": "# Churn  \n"},
    "scripts": {
        "train.py": RATE,
        "data.py": "ROWS = [1, 0]\n",
        "test_train.py": "import data, train\n\n"
        "def test_it():\n    assert train.rate(data.ROWS) == 0.5\n",
        "requirements.txt": "attrs\n",
    },
    "several packages": PACKAGE
    | CONFTEST
    | {"shop/__init__.py": "", "shop/cart.py": "ITEMS = []\n", "requirements.txt": "attrs\n"},
    "namespace folder data": PACKAGE
    | CONFTEST
    | {"churn/data/load.py": "ROWS = [1, 0]\n", "requirements-dev.txt": "pytest\n"},
    "Poetry": PACKAGE | CONFTEST | {"pyproject.toml": POETRY},
    "PDM": IN_SRC
    | {
        "pyproject.toml": PEP_621
        + '[build-system]\nrequires = ["pdm-backend"]\nbuild-backend = "pdm.backend"\n'
        + '[tool.pdm.dev-dependencies]\ntest = ["pytest"]\n',
    },
    "Hatch": IN_SRC
    | {
        "pyproject.toml": PEP_621
        + '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
        + '[tool.hatch.envs.default]\ndependencies = ["pytest"]\n',
        "LICENSES/MIT.txt": MIT,
    },
    "setuptools": PACKAGE | {"setup.py": SETUP, "LICENSE-MIT": MIT},
    "setup.cfg": IN_SRC
    | {
        "setup.py": "from setuptools import setup\n\nsetup()\n",
        "setup.cfg": "[metadata]\nname = churn\nversion = 0.1.0\n\n[options]\npackages = find:\n"
        "package_dir =\n    = src\ninstall_requires =\n    attrs>=23\n\n"
        "[options.packages.find]\nwhere = src\n",
    },
    "conda": PACKAGE
    | CONFTEST
    | {
        "environment.yml": "name: churn\nchannels: [conda-forge]\ndependencies:\n  - python=3.11\n"
        "  - attrs=23.1\n  - pip\n  - pip:\n      - packaging==24.0\n",
        "LICENSE": "Creative Commons Attribution-NonCommercial 4.0\n",
    },
    "requirements folder": PACKAGE
    | CONFTEST
    | {
        "requirements/base.txt": "attrs==23.1.0\n",
        "requirements/test.txt": "-r base.txt\npytest\n",
    },
    "pip-tools": PACKAGE
    | CONFTEST
    | {
        "requirements.in": "attrs\n",
        "requirements.txt": "attrs==23.1.0\n    # via -r requirements.in\n",
    },
    "configured tools": PACKAGE
    | CONFTEST
    | {
        "pyproject.toml": PEP_621
        + "[tool.ruff]\nline-length = 79\n\n[tool.pytest.ini_options]\ntestpaths = ['tests']\n"
        + "[tool.uv]\npackage = false\n",
        ".github/workflows/ci.yml": "on: push\njobs: {}\n",
        "renovate.json": "{}\n",
    },
    "messy files": PACKAGE
    | CONFTEST
    | {
        "data/rows.csv": "a,b  \n1,2\n\n\n",
        "notes.txt": "trailing  \nno end",
        "broken.json": "{,}\n",
        "old.py": "print 'two'\n",
        "config.yaml": "a: !custom b\n",
    },
    "no Python": {"README.md": "# Churn\n", "analysis.R": "print(1)\n"},
    "docs and containers": PACKAGE
    | CONFTEST
    | {
        "docs/index.md": "# Docs\n",
        "Dockerfile": "FROM docker.io/library/python:3.11\n",
        ".pre-commit-config.yaml": "repos:\n  - repo: local\n    hooks:\n"
        "      - {id: mine, name: mine, entry: 'true', language: system}\n",
        "requirements.txt": "attrs\n",
    },
    "in a folder": {f"models/churn/{path}": text for path, text in (PACKAGE | CONFTEST).items()}
    | {"models/churn/requirements.txt": "attrs\n", "README.md": "# All models\n"},
}
"""Files of each repository by its name."""

OWN_CODE = REPOSITORIES.keys() - {"no Python", "notebooks only"}
"""Those that have code of their own, and one test that passes."""

AT_NIGHT = {"src", "namespace", "notebooks only", "scripts", "several packages", "PDM", "Hatch"} | {
    "setup.cfg", "requirements folder", "pip-tools", "no Python", "docs and containers",
    "namespace folder data", "conda", "configured tools"
}  # fmt: skip
"""Those that are tried at night; the others stand for their kinds."""
