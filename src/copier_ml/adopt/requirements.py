"""Translate a repository's requirements to pyproject.toml and uv's sources, without running code.

If several files declare dependencies, all count, and the first one with a distribution sets its
versions: pyproject.toml, Pipfile, ``setup.cfg``, ``setup.py``, requirements files, environment
files.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from .evidence import Evidence
from .formats import conda, pip, poetry, setuptools, standard
from .formats.entry import DEPENDENCIES, Entry, Found, Python, Untranslated, get_table

LOCKS = r"(poetry|Pipfile|pdm|pixi)\.lock|pylock(\.[^/]+)?\.toml|(conda-lock|.*\.conda-lock)\.ya?ml"


@dataclass(frozen=True)
class Requirements:
    """Requirements of a repository for pyproject.toml."""

    dependencies: list[str] = field(default_factory=list)
    """``[project] dependencies``."""

    extras: dict[str, list[str]] = field(default_factory=dict)
    """``[project.optional-dependencies]``."""

    groups: dict[str, list[str | dict[str, str]]] = field(default_factory=dict)
    """``[dependency-groups]``."""

    sources: dict[str, Any] = field(default_factory=dict)
    """``[tool.uv.sources]``: distributions from Git, URLs and folders."""

    requires_python: str = ""
    """``[project] requires-python``; empty if no file states it."""

    origins: dict[str, str] = field(default_factory=dict)
    """Source file of each distribution, and of ``python``."""

    locks: list[str] = field(default_factory=list)
    """Lockfiles and compiled requirements, which ``uv.lock`` replaces."""

    untranslated: list[Untranslated] = field(default_factory=list)
    """Lines that were not translated, or only in part."""


def translate(evidence: Evidence) -> Requirements:
    """Translate all requirements of a repository.

    Raises:
        ValueError: pyproject.toml is invalid.
    """
    reader = pip.Reader(evidence)
    found = list(_read_metadata(evidence, reader))
    declared = {it.name for it in found if isinstance(it, Entry) and it.table == DEPENDENCIES}
    found += [*reader.read_all(declared), *conda.read(evidence, reader)]
    entries = [it for it in found if isinstance(it, Entry)]
    python = next((it for it in found if isinstance(it, Python)), None)
    owners = get_table(evidence.pyproject, "tool", "uv", "sources")
    known = {canonicalize_name(name) for name in owners}
    merged = Requirements(
        sources=owners | {name: it for name, it in _find_sources(entries) if name not in known},
        requires_python=python.specifier if python else "",
        origins={"python": python.origin} if python else {},
        locks=sorted({*reader.locks, *evidence.named(LOCKS)}),
        untranslated=[it for it in found if isinstance(it, Untranslated)],
    )
    # Groups come last: they omit requirements of the dependencies.
    for entry in sorted(entries, key=lambda it: it.table != DEPENDENCIES):
        _add(merged, entry)
    return merged


def _read_metadata(evidence: Evidence, reader: pip.Reader) -> Iterator[Found]:
    yield from standard.read(evidence)
    yield from standard.read_dynamic(evidence, reader)
    yield from poetry.read(evidence)
    yield from standard.read_tools(evidence, reader)
    yield from poetry.read_pipfile(evidence)
    yield from setuptools.read_cfg(evidence, reader)
    yield from setuptools.read_py(evidence, has_files="" in reader.groups.values())


def _add(merged: Requirements, entry: Entry) -> None:
    """Add a requirement, unless it is already present."""
    text = entry.text
    if isinstance(text, dict):
        _find(merged.groups, entry.table[-1]).append(text)
        # The included group may be empty, but it must exist.
        _find(merged.groups, text.get("include-group", ""))
        return
    origin = merged.origins.setdefault(entry.name, entry.origin)
    if entry.table == DEPENDENCIES:
        lines: list[Any] = merged.dependencies
        is_known = origin != entry.origin
    elif "optional-dependencies" in entry.table:
        lines = _find(merged.extras, entry.table[-1])
        is_known = False
    else:
        lines = _find(merged.groups, entry.table[-1])
        is_known = entry.origin != standard.ORIGIN and _key(text) in map(_key, merged.dependencies)
    if text not in lines and not is_known:
        lines.append(text)


def _key(text: str) -> tuple[str, frozenset[str], str]:
    found = Requirement(text)
    return canonicalize_name(found.name), frozenset(found.extras), str(found.marker)


def _find(tables: dict[str, Any], name: str) -> list[Any]:
    """Return a table by its normalized name, or create it."""
    known = {canonicalize_name(it): it for it in tables}
    found: list[Any] = tables.setdefault(known.get(canonicalize_name(name), name), [])
    return found


def _find_sources(entries: list[Entry]) -> Iterator[tuple[str, Any]]:
    """Yield a source for each distribution, or several with different markers."""
    found: dict[str, list[dict[str, Any]]] = {}
    for entry in entries:
        if entry.source and isinstance(entry.text, str):
            marker = Requirement(entry.text).marker
            rows = found.setdefault(entry.name, [])
            if not rows or (
                marker and all(it.get("marker", str(marker)) != str(marker) for it in rows)
            ):
                rows.append(entry.source | ({"marker": str(marker)} if marker else {}))
    for name, rows in found.items():
        yield name, rows if rows[1:] else {key: rows[0][key] for key in rows[0] if key != "marker"}
