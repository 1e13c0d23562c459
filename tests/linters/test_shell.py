"""Shell that stands in other files, as shellcheck sees it: workflows, pipelines and recipes."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from linting import Linter, ours, rendered, run

SHELLCHECK = Linter(["shellcheck", "--norc", "--severity", "style"], "", "", "", "")
OF_ONE_LINE = Linter([*SHELLCHECK.command, "--exclude", "SC2015,SC2086"], "", "", "", "")
"""In a recipe `a && b || c` means that c follows either failure, and COMPOSE is several words."""

WORKFLOWS = r"\.github/workflows/.*\.yml"
PIPELINES = r"\.gitlab-ci\.yml|\.gitlab/.*\.yml"
EXPRESSION = re.compile(r"\$\{\{.*?\}\}", re.S)


class _Pipelines(yaml.SafeLoader):
    """Reads GitLab's references as nothing."""


_Pipelines.add_multi_constructor("!", lambda *_: [])


def steps(workflow: Path) -> Iterator[tuple[str, str]]:
    """Yield the scripts of a workflow, each with the name of its job."""
    for name, job in yaml.safe_load(workflow.read_text(encoding="utf-8"))["jobs"].items():
        for step in job.get("steps", []):
            if "run" in step and step.get("shell", "bash") == "bash":
                yield name, "#!/bin/bash\n" + EXPRESSION.sub("expression", step["run"])


def scripts(pipeline: Path) -> Iterator[tuple[str, str]]:
    """Yield the scripts of a pipeline, each with the name of its job."""
    read: dict[str, Any] = yaml.load(pipeline.read_text(encoding="utf-8"), _Pipelines)
    for name, job in (read or {}).items():
        for part in ("before_script", "script", "after_script"):
            if isinstance(job, dict) and job.get(part):
                lines = [line for line in job[part] if isinstance(line, str)]
                yield name, "\n".join(["#!/bin/bash", *lines]) + "\n"


def recipes(justfile: Path) -> Iterator[tuple[str, str]]:
    """Yield the lines of recipes: each is a script of its own."""
    for line in justfile.read_text(encoding="utf-8").splitlines():
        if line.startswith("    "):
            yield "recipe", f"#!/bin/sh\n{line.strip().removeprefix('@')}\n"


READERS = {"workflows": (WORKFLOWS, steps), "pipelines": (PIPELINES, scripts)} | {
    "recipes": (r"justfile|project\.just", recipes)
}


def write(files: list[Path], kind: str, folder: Path) -> list[Path]:
    """Write each different script into a file of its own, for one shellcheck to read them all."""
    read = READERS[kind][1]
    found = {script: f"{file.stem}-{name}" for file in files for name, script in read(file)}
    written = [folder / f"{name}-{number}.sh" for number, name in enumerate(found.values())]
    for path, script in zip(written, found, strict=True):
        path.write_text(script, encoding="utf-8")
    return written


@pytest.mark.parametrize("kind", READERS)
def test_shellcheck_finds_nothing_in_renders(kind: str, covering: Path, tmp_path: Path) -> None:
    written = write(rendered(covering, READERS[kind][0]), kind, tmp_path)
    assert len(written) > 5
    status, told = run(OF_ONE_LINE if kind == "recipes" else SHELLCHECK, written)
    assert status == 0, told


def test_shellcheck_finds_nothing_in_our_workflows(tmp_path: Path) -> None:
    written = write(ours(WORKFLOWS), "workflows", tmp_path)
    assert len(written) > 3
    status, told = run(SHELLCHECK, written)
    assert status == 0, told


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("workflows", "jobs:\n  a:\n    steps:\n      - run: cd $x && ls\n"),
        ("pipelines", "a:\n  script:\n    - cd build\n    - rm $x\n"),
        ("recipes", "all:\n    @cd build; [ $1 == 2 ]\n"),
    ],
)
def test_shellcheck_finds_what_is_planted(kind: str, text: str, tmp_path: Path) -> None:
    planted = tmp_path / "planted"
    planted.write_text(text, encoding="utf-8")
    status, told = run(
        OF_ONE_LINE if kind == "recipes" else SHELLCHECK, write([planted], kind, tmp_path)
    )
    assert status == 1
    assert "SC" in told
