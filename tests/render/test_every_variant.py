"""What must hold for every combination of answers: all are rendered that space.py names.

Most files are the same in many variants, so what looks at one file alone looks at each text once.
"""

import ast
import hashlib
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
from builds import tell
from conftest import Answers, Render, every_stack, every_variant, git, label

LEFTOVER = re.compile(r"\{%|\{#|(?<!\$)\{\{(?!\.|json )")  # Docker's formats look like {{.Name}}.

PARSERS: dict[str, Callable[[str], Any]] = {
    ".ipynb": json.loads,
    ".json": json.loads,
    ".py": ast.parse,
    ".toml": tomllib.loads,
    ".yaml": lambda text: yaml.load(text, FastLoader),
    ".yml": lambda text: yaml.load(text, _MkDocs),
}

FastLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _MkDocs(FastLoader):  # type: ignore[misc,valid-type]
    """Reads MkDocs' tags, which name Python functions, as plain text."""


_MkDocs.add_multi_constructor("tag:yaml.org,2002:python/", lambda *_: None)
_MkDocs.add_multi_constructor("!", lambda *_: None)


def files(project: Path) -> Iterator[Path]:
    return (path for path in sorted(project.rglob("*")) if path.is_file())


@pytest.fixture(scope="module")
def texts(renders: dict[str, Path]) -> dict[tuple[str, str], Path]:
    """Each different text of a file name, and one of the files that have it."""
    found = (path for project in renders.values() for path in files(project))
    return {(path.name, path.read_text(encoding="utf-8")): path for path in found}


def test_every_variant_has_the_answers_that_it_was_made_with(renders: dict[str, Path]) -> None:
    for answers in every_variant():
        file = renders[label(answers)] / ".copier-answers.yml"
        recorded = yaml.load(file.read_text(encoding="utf-8"), FastLoader)
        asked = {name: answer for name, answer in answers.items() if name in recorded}
        assert {name: recorded[name] for name in asked} == asked
        assert len(asked) > 6


def test_every_file_parses(texts: dict[tuple[str, str], Path], record_property: Any) -> None:
    tell(record_property, "rendered", *every_variant())
    for (_, text), path in texts.items():
        if parse := PARSERS.get(path.suffix):
            try:
                parse(text)
            except Exception as error:
                raise AssertionError(f"{path} does not parse") from error


def test_no_jinja_is_left(texts: dict[tuple[str, str], Path]) -> None:
    for (_, text), path in texts.items():
        # The page of a report is a template of the project's own.
        assert path.name == "evaluation.html" or not LEFTOVER.search(text), path


def test_blank_lines_are_tidy(texts: dict[tuple[str, str], Path]) -> None:
    for (_, text), path in texts.items():
        if not text and path.name in {"py.typed", "__init__.py"}:
            continue
        assert text.endswith("\n"), path
        assert not text.endswith("\n\n"), path
        # Two blank lines stand between definitions of Python, also of an example on a page.
        assert path.suffix == ".py" or path.name == "extend.md" or "\n\n\n" not in text, path
        assert not re.search(r"[ \t]$", text, re.M), path


def what_ruff_reads(project: Path) -> str:
    """Sum up all that decides what ruff says of a project."""
    pyproject = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
    settings = (pyproject["tool"]["ruff"], pyproject["project"]["requires-python"])
    summed = hashlib.sha256(repr(settings).encode())
    for path in files(project):
        if path.suffix in {".py", ".ipynb"} or path.name == ".gitignore":
            summed.update(str(path.relative_to(project)).encode() + path.read_bytes())
    return summed.hexdigest()


def test_ruff_agrees_with_every_variant(renders: dict[str, Path]) -> None:
    # Most questions leave Python alone, so many projects are one to ruff.
    different = {what_ruff_reads(project): project for project in renders.values()}
    assert len(different) >= len(
        {(row["framework"], row["python_version"]) for row in every_stack()}
    )
    for command in (["check"], ["format", "--check"]):
        subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--quiet", "--no-cache", *different.values()],
            check=True,
        )


@pytest.mark.parametrize("name", ["a", "zoo"])
def test_ruff_agrees_whatever_the_package_is_called(render: Render, name: str) -> None:
    """Imports are sorted by name, so the package may come before `tests` or after it."""
    project = render({"package_name": name})
    command = [sys.executable, "-m", "ruff", "check", "--select=I", "--no-cache", project]
    subprocess.run(command, check=True)


def test_no_folder_is_empty(renders: dict[str, Path]) -> None:
    for project in renders.values():
        for folder in (path for path in project.rglob("*") if path.is_dir()):
            assert any(folder.iterdir()), folder


def test_the_tree_is_not_crowded(renders: dict[str, Path]) -> None:
    for name, project in renders.items():
        visible = [path for path in project.iterdir() if path.name[0] != "."]
        assert len(visible) <= 17, name


def test_nothing_that_git_ignores_is_rendered(renders: dict[str, Path], tmp_path: Path) -> None:
    git("init", "--quiet", "--bare", folder=tmp_path)
    (folder,) = {project.parent for project in renders.values()}
    beside = (f"--git-dir={tmp_path}", f"--work-tree={folder}")
    listed = [
        git(*beside, "ls-files", "--others", *ignored, folder=folder)
        for ignored in (("--exclude-standard",), ("--exclude-standard", "--ignored"))
    ]
    assert len(listed[0].splitlines()) > 50 * len(renders)
    assert not listed[1]


def test_an_answer_to_no_question_is_refused(render: Render) -> None:
    answers: Answers = {"frame_work": "pytorch"}
    with pytest.raises(AssertionError, match="frame_work"):
        render(answers)
