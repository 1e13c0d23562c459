"""pyproject.toml of a repository gets what it lacks, and keeps what it has."""

import tomllib
from pathlib import Path
from typing import Any

from required import evidence

from copier_ml.adopt import baseline, pyproject, requirements

RENDER = """\
[project]
name = "churn"
version = "0.1.0"
requires-python = ">=3.11"
dependencies = []

[dependency-groups]
dev = [
    "pytest>=9.0",
    "ruff>=0.16",
]

[tool.uv]
required-version = ">=0.13"

# Rules.
[tool.ruff]
line-length = 100

[tool.ruff.lint]
extend-select = ["B"]
"""


def merge(folder: Path, files: dict[str, str]) -> tuple[str, dict[str, Any]]:
    it = evidence(folder, files)
    text = pyproject.merge(it, RENDER, requirements.translate(it))
    return text, tomllib.loads(text)


def test_without_anything_to_merge_it_is_the_templates(tmp_path: Path) -> None:
    assert merge(tmp_path, {"README.md": ""})[0] == RENDER


def test_tables_and_comments_of_the_owner_stay(tmp_path: Path) -> None:
    own = (
        '[project] # Mine\nname = "shop"\nversion = "2.0"\ndependencies = ["attrs==23.1"]\n\n'
        "[tool.ruff]\nline-length = 79\n\n[tool.uv]\npackage = true\n"
    )
    text, found = merge(tmp_path, {"pyproject.toml": own})
    assert text.startswith(own.partition("\n[tool.uv]")[0])
    assert found["project"]["dependencies"] == ["attrs==23.1"]
    assert found["dependency-groups"] == {"dev": ["pytest>=9.0", "ruff>=0.16"]}
    assert found["tool"] == {"ruff": {"line-length": 79}, "uv": {"package": True}}


def test_requirements_files_become_standard_tables(tmp_path: Path) -> None:
    files = {"requirements.txt": "attrs==23.1.0\n", "requirements-test.txt": "pytest==8.0\n"}
    text, found = merge(tmp_path, files)
    assert found["project"]["dependencies"] == ["attrs>=23.1.0"]
    assert found["dependency-groups"]["test"] == ["pytest>=8.0"]
    assert found["tool"]["uv"]["package"] is False
    assert found["tool"]["uv"]["default-groups"] == ["dev", "test"]
    assert "\n# Rules.\n[tool.ruff]" in text


def test_what_a_setup_file_computes_is_dynamic(tmp_path: Path) -> None:
    setup = (
        "from setuptools import setup\nimport churn\n"
        'setup(name="churn", version=churn.__version__, install_requires=["attrs"],'
        ' extras_require={"test": ["pytest"]}, entry_points={"console_scripts": ["a=b:c"]})\n'
    )
    _, found = merge(tmp_path, {"setup.py": setup})
    project = found["project"]
    assert (project["dynamic"], "version" in project) == (
        ["version", "entry-points", "scripts"],
        False,
    )
    assert project["dependencies"] == ["attrs"]
    assert found["build-system"] == pyproject.LEGACY
    assert found["dependency-groups"]["dev"][-1] == "churn[test]"


def test_a_baseline_is_written_where_the_tools_read_it() -> None:
    found = baseline.Baseline(["a b.txt"], ["old.py"], ["old.py"], {"B006": 2, "E711": 1})
    text = baseline.exclude_rules(RENDER, found)
    ruff = tomllib.loads(text)["tool"]["ruff"]
    assert ruff["format"] == {"exclude": ["old.py"]}
    assert ruff["lint"]["ignore"] == ["B006", "E711"]
    assert '"B006", # 2 at the adoption' in text
    hooks = baseline.exclude_files("default_stages: [x]\n\nrepos:\n", found.excluded)
    assert "  (?x)^(\n    a\\ b\\.txt\n  )$\n" in hooks
    assert baseline.exclude_files("\nrepos:\n", []) == "\nrepos:\n"
