"""Write docs/reference/ from copier.yml and extensions/cuda.toml.

    uv run python scripts/write_reference.py

A test fails while the pages differ from what this writes.
"""

import json
import re
import runpy
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs" / "reference"
MADE = "Made by `scripts/write_reference.py` from `{}`; change that, and run it.\n"


def main() -> None:
    """Write every page."""
    FOLDER.mkdir(exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


def pages() -> dict[str, str]:
    """Return the text of every page by its file name."""
    matrix = SimpleNamespace(**runpy.run_path(str(ROOT / "extensions" / "matrix.py")))
    return {
        "cuda.md": "\n".join(_cuda_page(matrix)) + "\n",
        "questions.md": "\n".join(_questions_page(matrix)) + "\n",
    }


def _cuda_page(matrix: SimpleNamespace) -> Iterator[str]:
    facts = matrix._read("cuda.toml")
    yield "# Builds, CUDA, drivers\n"
    yield MADE.format("extensions/cuda.toml")
    yield "## What an answer gives\n"
    yield "Each cell is the release line that a new project gets, or why there is none.\n"
    cudas = matrix.offered_cudas()
    rows = (
        [framework, python, *(_cell(matrix, framework, python, cuda) for cuda in cudas)]
        for framework in facts["framework"]
        for python in matrix.offered_pythons()
    )
    yield from _table(["framework", "Python", *(f"`{cuda}`" for cuda in cudas)], rows)
    yield "\n## Releases of CUDA\n"
    yield "The least driver runs a build; one older than the native cannot compile for a new GPU.\n"
    header = ["CUDA", "answer", "least driver", "native driver", "seen", "source"]
    yield from _table(header, (_toolkit(name, row) for name, row in facts["toolkit"].items()))
    yield "\n## Builds"
    header = ["line", "newest", "build", "CUDA", "Python", "compute capabilities", "platforms"]
    header += ["torchvision", "status", "seen"]
    for framework, lines in facts["build"].items():
        yield f"\n### {framework}\n"
        builds = (
            _build(line, name, row) for line, rows in lines.items() for name, row in rows.items()
        )
        yield from _table(header, builds)
        sources = {
            source for rows in lines.values() for row in rows.values() for source in row["sources"]
        }
        yield "\nSources: " + ", ".join(f"<{source}>" for source in sorted(sources)) + "."


def _cell(matrix: SimpleNamespace, framework: str, python: str, cuda: str) -> str:
    reason: str = matrix.refuse_stack(framework, python, cuda)
    if reason:
        return reason
    answers = {"framework": framework, "python_version": python, "cuda_version": cuda}
    build = list(matrix.stack_for(answers).builds.values())[-1]
    return f"{build.line}, `{build.name}`"


def _toolkit(name: str, row: dict[str, Any]) -> list[str]:
    drivers = (
        ", ".join(f"{system} {driver}" for system, driver in row[key].items())
        for key in ("least_driver", "native_driver")
    )
    sources = " ".join(f"<{source}>" for source in row["sources"])
    return [name, f"`{row['cuda']}`", *drivers, str(row["seen"]), sources]


def _build(line: str, name: str, row: dict[str, Any]) -> list[str]:
    return [
        line,
        row["newest"],
        f"`{name}`",
        row.get("toolkit", ""),
        " to ".join(row["python"]),
        " ".join(row.get("capabilities", [])),
        " ".join(row["platforms"]),
        row.get("torchvision", ""),
        row["status"],
        str(row["seen"]),
    ]


def _questions_page(matrix: SimpleNamespace) -> Iterator[str]:
    questions = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))
    yield "# Questions\n"
    yield MADE.format("copier.yml")
    yield "`--data key=answer` answers one. Keys and answers are public: projects keep them.\n"
    asked = {key: row for key, row in questions.items() if not key.startswith("_")}
    rows = (
        [f"`{key}`", row["help"], _answers(matrix, key, row), _default(row), _condition(row)]
        for key, row in asked.items()
    )
    yield from _table(["key", "question", "answers", "default", "asked"], rows)


def _answers(matrix: SimpleNamespace, key: str, row: dict[str, Any]) -> str:
    """Name the answers of a choice; those that are made from data are asked for their labels."""
    made = {
        "cuda_version": list(json.loads(matrix.cuda_choices("pytorch", "3.12"))),
        "python_version": matrix.offered_pythons(),
    }
    choices = made.get(key, row.get("choices", row["type"]))
    if isinstance(choices, dict):
        return "<br>".join(f"`{value}`: {label}" for label, value in choices.items())
    if isinstance(choices, list):
        return "<br>".join(re.sub(r"^([\w.]+)", r"`\1`", choice) for choice in choices)
    return str(choices)


def _default(row: dict[str, Any]) -> str:
    default = row["default"]
    if "UNSET" in str(default):
        return "none: it has to be answered"
    if "{{" in str(default):
        return "depends on earlier answers or the machine"
    if isinstance(default, list):
        return ", ".join(map(str, default))
    return f"<{default}>" if "://" in str(default) else str(default)


def _condition(row: dict[str, Any]) -> str:
    if row.get("ask") is False:
        return "never"
    return f"if `{row['when'].strip('{} ')}`" if "when" in row else "always"


def _table(header: list[str], rows: Iterator[list[str]]) -> Iterator[str]:
    for row in (header, ["---"] * len(header), *rows):
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"


if __name__ == "__main__":
    main()
