"""A baseline of checks that pass from day one; other files and rules are excluded by name.

The tools of the hooks run on a copy of the files. The hooks then rewrite none of the owner's files,
and ruff ignores violated rules, until the owner tightens that.
"""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import tomlkit

from copier_ml.shared import uv
from copier_ml.shared.git import Git, own_environment

PACKAGES = ("kingfisher-bin", "pre-commit-hooks", "ruff")
"""Distributions with the tools of the hooks."""

PYTHON = (".ipynb", ".md", ".py", ".pyi")
"""Files that ruff formats and lints."""

SYNTAX = "invalid-syntax"
"""Ruff's code for a file with invalid Python."""

NO_TEXTS = (".csv", ".ipynb", ".svg", ".tsv")
"""Files that the hooks never rewrite."""

FIXERS = ("trailing-whitespace-fixer", "end-of-file-fixer")

CHECKS: dict[tuple[str, ...], tuple[str, ...]] = {
    ("check-yaml", "--allow-multiple-documents"): (".yaml", ".yml"),
    ("check-toml",): (".toml",),
    ("check-json",): (".json",),
    ("check-merge-conflict", "--assume-in-merge"): ("",),
    ("detect-private-key",): ("",),
    ("kingfisher", "scan", "--quiet", "--no-validate", "--no-update-check", "--redact"): ("",),
}
"""Read-only tools, and the suffixes of their files."""


@dataclass(frozen=True)
class Baseline:
    """Files and rules that do not pass."""

    excluded: list[str] = field(default_factory=list)
    """Files that a hook would rewrite or refuse."""

    unformatted: list[str] = field(default_factory=list)
    """Files that ruff would reformat."""

    violating: list[str] = field(default_factory=list)
    """Files that violate a rule of ruff."""

    rules: dict[str, int] = field(default_factory=dict)
    """Violations per rule."""


def measure(git: Git, files: Sequence[str], work: Path) -> Baseline | None:
    """Run the tools on files, which may be rewritten; return None if the tools are not available.

    Args:
        git: Git in the folder of the project, with the files in the index.
        files: The owner's files, relative to the folder.
        work: Folder for temporary files.
    """
    tools = _install(work)
    if tools is None:
        return None
    folder = git.folder
    texts = [path for path in files if _is_text(folder / path)]
    excluded = {
        path
        for command, ends in CHECKS.items()
        for path in _find_failing(tools, folder, command, [it for it in texts if it.endswith(ends)])
    }
    linted = [path for path in texts if path.endswith(PYTHON)]
    style = {it.path for it in _diagnose(tools, folder, ("format", "--check"), linted)}
    found = _diagnose(tools, folder, ("check", "--exit-zero"), linted)
    excluded |= {it.path for it in found if it.code == SYNTAX}
    broken = [it for it in found if it.code != SYNTAX]
    for fixer in FIXERS:
        _start(tools, folder, (fixer,), [it for it in texts if not it.endswith(NO_TEXTS)])
    excluded.update(git.lines("diff", "--name-only", "--relative", "-z"))
    return Baseline(
        excluded=sorted(excluded),
        unformatted=sorted(style - excluded),
        violating=sorted({it.path for it in broken}),
        rules=dict(sorted(Counter(it.code for it in broken).items())),
    )


class _Diagnostic(NamedTuple):
    """A diagnostic of ruff."""

    path: str
    code: str


def _diagnose(
    tools: Path, folder: Path, command: Sequence[str], files: Sequence[str]
) -> list[_Diagnostic]:
    options = ("--force-exclude", "--output-format=json")
    printed = _start(tools, folder, ("ruff", *command, *options), files).stdout if files else ""
    return [
        _Diagnostic(Path(row["filename"]).relative_to(folder).as_posix(), row["code"] or SYNTAX)
        for row in json.loads(printed or "[]")
    ]


def _install(work: Path) -> Path | None:
    """Install the tools outside of the project and return their folder."""
    program = uv.find()
    environment = work / "tools"
    commands = (
        ("venv", "--quiet", "--python", sys.executable, str(environment)),
        ("pip", "install", "--quiet", "--python", str(environment), *PACKAGES),
    )
    if not program or any(uv.run(program, *it, folder=work).returncode for it in commands):
        return None
    return environment / ("Scripts" if os.name == "nt" else "bin")


def _start(
    tools: Path, folder: Path, command: Sequence[str], files: Sequence[str]
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [str(tools / command[0]), *command[1:], *files],
        cwd=folder,
        env=own_environment() | {"RUFF_NO_CACHE": "true"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
        errors="replace",
        check=False,
    )


def _find_failing(
    tools: Path, folder: Path, command: Sequence[str], files: Sequence[str]
) -> list[str]:
    """Find the files that a tool refuses by bisection, as each tool reports them differently."""
    if not files or not _start(tools, folder, command, files).returncode:
        return []
    if len(files) == 1:
        return [*files]
    half = len(files) // 2
    return [
        path
        for part in (files[:half], files[half:])
        for path in _find_failing(tools, folder, command, part)
    ]


def _is_text(path: Path) -> bool:
    return path.is_file() and not path.is_symlink() and b"\0" not in path.read_bytes()[:8192]


def exclude_rules(pyproject: str, found: Baseline) -> str:
    """Exclude files and rules in ruff's settings of a pyproject.toml. Pure."""
    document = tomlkit.parse(pyproject)
    ruff = document["tool"]["ruff"]
    if found.unformatted:
        ruff["format"] = {"exclude": _lines(found.unformatted)}
    if found.rules:
        ignored = _lines([])
        for rule, count in found.rules.items():
            ignored.add_line(rule, comment=f"{count} at the adoption")
        ignored.add_line(indent="")
        ruff["lint"]["ignore"] = ignored
    return tomlkit.dumps(document)


def _lines(items: Sequence[str]) -> tomlkit.items.Array:
    array = tomlkit.array().multiline(multiline=True)
    array.extend(items)
    return array


def exclude_files(hooks: str, files: Sequence[str]) -> str:
    """Exclude files from the hooks of a .pre-commit-config.yaml. Pure."""
    if not files:
        return hooks
    rows = "|\n".join(f"    {re.escape(path)}" for path in files)
    head = "# Files from before the template that the hooks would rewrite or refuse."
    listed = f"\n{head}\nexclude: |\n  (?x)^(\n{rows}\n  )$\n"
    return hooks.replace("\nrepos:\n", f"{listed}\nrepos:\n", 1)
