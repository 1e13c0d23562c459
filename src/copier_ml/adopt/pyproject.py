"""Merge the template's pyproject.toml into a repository's.

Existing tables are kept. Requirements from other files are added, so that uv can lock them, and the
template's tools are added to the group ``dev``.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any

import tomlkit
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from tomlkit import TOMLDocument

from .evidence import Evidence
from .requirements import Requirements

FOR_TESTS = ("dev", "test", "tests", "testing")
"""Extras and groups for tests, which ``uv run`` must install."""

LEGACY = {"requires": ["setuptools>=77"], "build-backend": "setuptools.build_meta:__legacy__"}
"""Default build system of a ``setup.py`` without a backend (PEP 517)."""

CONFIGURED = {
    "ruff": r"\.?ruff\.toml",
    "mypy": r"\.?mypy\.ini|setup\.cfg",
    "pytest": r"\.?pytest\.ini|tox\.ini|setup\.cfg|(.*/)?test_[^/]*\.py",
    "coverage": r"\.coveragerc|setup\.cfg|(.*/)?test_[^/]*\.py",
}
"""Files that configure a tool instead of its table, or that conflict with it."""


def merge(evidence: Evidence, render: str, found: Requirements) -> str:
    """Return the merged pyproject.toml of a repository.

    Args:
        evidence: The repository.
        render: The template's pyproject.toml.
        found: Requirements of the repository.
    """
    own, theirs = evidence.read("pyproject.toml"), tomlkit.parse(render)
    if not (own or found.origins or evidence.named(r"setup\.(py|cfg)")):
        return render  # There is nothing to merge.
    merged = tomlkit.parse(own or render)
    if not own:
        table: Any = merged["project"]
        table.update(_describe(evidence, theirs, found))
        for name in table.get("dynamic", []):
            table.pop(name, None)
    elif "project" not in merged:
        project = tomlkit.dumps({"project": _describe(evidence, theirs, found)})
        merged = tomlkit.parse(f"{project}\n{own}")
    _add_requirements(merged, theirs, found)
    if "build-system" not in merged or not own:
        if evidence.named(r"setup\.(py|cfg)"):
            merged["build-system"] = LEGACY
        elif "build-system" in theirs:
            merged["build-system"] = theirs["build-system"]
    _add_groups(merged, theirs, found)
    _add_tools(evidence, merged, theirs, found)
    text = tomlkit.dumps(merged)
    if is_configured(evidence, "uv"):
        return text
    # Not with tomlkit, which would add lines after the comment above the next table.
    lines = "".join(f"{line}\n" for line in _configure_uv(merged))
    return text.replace("[tool.uv]\n", f"[tool.uv]\n{lines}", 1)


def _describe(evidence: Evidence, theirs: TOMLDocument, found: Requirements) -> dict[str, Any]:
    """Create ``[project]`` from other files; fields that code computes are dynamic."""
    known: dict[str, Any] = theirs["project"].unwrap()
    metadata = {name: guess.value for name, guess in evidence.metadata.items()}
    version = str(metadata.get("version", ""))
    dynamic = []
    if evidence.named(r"setup\.(py|cfg)"):
        dynamic += ["version"] if not version[:1].isdigit() else []
        dynamic += ["entry-points", "scripts"] if metadata.get("entry_points") else []
    return {
        "name": canonicalize_name(str(metadata.get("name", known["name"]))),
        **({} if "version" in dynamic else {"version": version or known.get("version", "0.1.0")}),
        **({"description": known["description"]} if "description" in known else {}),
        "requires-python": found.requires_python or known.get("requires-python", ">=3.11"),
        **({"dynamic": dynamic} if dynamic else {}),
        "dependencies": _lines(found.dependencies),
        **({"optional-dependencies": _tables(found.extras)} if found.extras else {}),
    }


def _add_requirements(merged: TOMLDocument, theirs: TOMLDocument, found: Requirements) -> None:
    """Add requirements from other files and those of the template's code."""
    project: Any = merged["project"]
    needed = theirs.unwrap().get("project", {})
    if "dependencies" not in project.get("dynamic", []):
        lines = project.setdefault("dependencies", _lines(found.dependencies))
        _extend(lines, needed.get("dependencies", []))
    for table in ("optional-dependencies", "scripts"):
        for name, value in needed.get(table, {}).items():
            rows = project.setdefault(table, tomlkit.table())
            rows.setdefault(name, _lines(value) if table != "scripts" else value)


def _add_groups(merged: TOMLDocument, theirs: TOMLDocument, found: Requirements) -> None:
    """Add dependency groups; ``dev`` gets the template's tools and the extras for tests."""
    groups: Any = merged.setdefault("dependency-groups", tomlkit.table())
    for name, lines in found.groups.items():
        groups.setdefault(name, _lines(lines))
    for name, lines in theirs.unwrap().get("dependency-groups", {}).items():
        _extend(groups.setdefault(name, _lines([])), lines)
    groups.setdefault("dev", _lines([])).extend(_find_test_extras(merged))


def _find_test_extras(merged: TOMLDocument) -> Iterator[str]:
    """Yield the project's extras for tests, or their requirements if it is not a package."""
    project: Any = merged["project"]
    for name, lines in project.get("optional-dependencies", {}).items():
        if canonicalize_name(name) in FOR_TESTS:
            yield from [f"{project['name']}[{name}]"] if "build-system" in merged else lines


def _add_tools(
    evidence: Evidence, merged: TOMLDocument, theirs: TOMLDocument, found: Requirements
) -> None:
    """Add the tables of tools that the repository does not configure."""
    tools: Any = merged.setdefault("tool", tomlkit.table(is_super_table=True))
    for name, table in theirs.get("tool", {}).items():
        if is_configured(evidence, name):
            if name not in evidence.pyproject.get("tool", {}):
                tools.pop(name, None)
        else:
            tools.setdefault(name, table)
    uv = tools.setdefault("uv", tomlkit.table())
    if found.sources and "sources" not in uv:
        uv["sources"] = found.sources


def _configure_uv(merged: TOMLDocument) -> Iterator[str]:
    """Yield settings of uv for a repository that did not use it."""
    if "build-system" not in merged:
        yield "package = false"
    groups: Any = merged["dependency-groups"]
    tests = [name for name in groups if canonicalize_name(name) in FOR_TESTS]
    if tests != ["dev"]:
        yield f"default-groups = {json.dumps(tests)}"


def is_configured(evidence: Evidence, tool: str) -> bool:
    """Check whether a repository configures a tool."""
    has_table = tool in evidence.pyproject.get("tool", {})
    return has_table or bool(evidence.named(CONFIGURED.get(tool, "-")))


def _extend(lines: Any, more: Iterable[str]) -> None:
    """Add requirements of distributions that a list does not have."""
    known = set(_names(lines))
    lines.extend(line for line in more if not known.intersection(_names([line])))


def _lines(requirements: Iterable[Any]) -> Any:
    array = tomlkit.array().multiline(multiline=True)
    array.extend(requirements)
    return array


def _tables(lists: dict[str, list[str]]) -> dict[str, Any]:
    return {name: _lines(lines) for name, lines in lists.items()}


def _names(requirements: Iterable[Any]) -> Iterator[str]:
    """Yield the distributions of requirements; included groups are skipped."""
    for line in requirements:
        try:
            yield canonicalize_name(Requirement(str(line)).name)
        except InvalidRequirement:
            continue
