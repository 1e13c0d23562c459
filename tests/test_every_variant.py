"""What must hold for every combination of answers. Each render takes about a tenth of a second."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import Answers, Render, copy, every_variant, git, label

LEFTOVER = re.compile(r"\{%|\{#|(?<!\$)\{\{(?!\.|json )")  # Docker's formats look like {{.Name}}.

PARSERS: dict[str, Callable[[str], Any]] = {
    ".ipynb": json.loads,
    ".json": json.loads,
    ".py": ast.parse,
    ".toml": tomllib.loads,
    ".yaml": yaml.safe_load,
    ".yml": lambda text: yaml.load(text, _MkDocs),
}


class _MkDocs(yaml.SafeLoader):
    """Reads MkDocs' tags, which name Python functions, as plain text."""


_MkDocs.add_multi_constructor("tag:yaml.org,2002:python/", lambda *_: None)
_MkDocs.add_multi_constructor("!", lambda *_: None)


def files(project: Path) -> Iterator[Path]:
    return (path for path in sorted(project.rglob("*")) if path.is_file())


@pytest.fixture(scope="module")
def renders(unpacked: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every variant, rendered once, side by side, for tools that take many folders at a time."""
    folder = tmp_path_factory.mktemp("variants")
    return {label(v): copy(unpacked, folder / label(v), v) for v in every_variant()}


@pytest.fixture(scope="module")
def texts(renders: dict[str, Path]) -> dict[Path, str]:
    """Text of every file of every variant."""
    found = (path for project in renders.values() for path in files(project))
    return {path: path.read_text(encoding="utf-8") for path in found}


def test_every_file_parses(texts: dict[Path, str]) -> None:
    for path, text in texts.items():
        if parse := PARSERS.get(path.suffix):
            try:
                parse(text)
            except Exception as error:
                raise AssertionError(f"{path} does not parse") from error


def test_no_jinja_is_left(texts: dict[Path, str]) -> None:
    for path, text in texts.items():
        # The page of a report is a template of the project's own.
        assert path.name == "report.html" or not LEFTOVER.search(text), path


def test_blank_lines_are_tidy(texts: dict[Path, str]) -> None:
    for path, text in texts.items():
        if not text and path.name in {"py.typed", "__init__.py"}:
            continue
        assert text.endswith("\n"), path
        assert not text.endswith("\n\n"), path
        assert path.suffix == ".py" or "\n\n\n" not in text, path
        assert not re.search(r"[ \t]$", text, re.M), path


def test_ruff_agrees_with_every_variant(renders: dict[str, Path]) -> None:
    for command in (["check"], ["format", "--check"]):
        subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--quiet", "--no-cache", *renders.values()],
            check=True,
        )


def test_no_folder_is_empty(renders: dict[str, Path]) -> None:
    for project in renders.values():
        for folder in (path for path in project.rglob("*") if path.is_dir()):
            assert any(folder.iterdir()), folder


def test_the_tree_is_not_crowded(renders: dict[str, Path]) -> None:
    for name, project in renders.items():
        visible = [path for path in project.iterdir() if path.name[0] != "."]
        assert len(visible) <= 16, name


def test_a_fact_that_stands_twice_agrees(renders: dict[str, Path]) -> None:
    for project in renders.values():
        pyproject = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
        python = (project / ".python-version").read_text().strip()
        assert pyproject["project"]["requires-python"] == f">={python}"
        assert f"/library/python:{python}." in (project / "Dockerfile").read_text(encoding="utf-8")
        package = pyproject["tool"]["coverage"]["run"]["source_pkgs"][0]
        assert [path.name for path in (project / "src").iterdir()] == [package]
        (script,) = pyproject["project"]["scripts"].items()
        assert script == (pyproject["project"]["name"], f"{package}.cli:main")


def test_nothing_that_git_ignores_is_rendered(renders: dict[str, Path]) -> None:
    for project in renders.values():
        git("init", "--quiet", folder=project)
        assert not git("status", "--short", "--ignored", folder=project).count("!!")


def test_an_answer_to_no_question_is_refused(render: Render) -> None:
    answers: Answers = {"frame_work": "pytorch"}
    with pytest.raises(AssertionError, match="frame_work"):
        render(answers)
