"""The results of all readers, and the translation of one requirement. Pure.

Pins become lower bounds, since ``uv.lock`` has the exact versions. ``==``, ``===``, ``~=``, and the
operators of Poetry and conda name the version that the code was written with, which is the oldest
one known to work. ``<``, ``<=`` and ``!=`` are kept: they usually exclude a broken version.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import unquote

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, Specifier, SpecifierSet
from packaging.utils import canonicalize_name

from copier_ml.shared.errors import hide_logins

Table = tuple[str, ...]
"""Destination of a requirement: a path of keys in pyproject.toml."""

DEPENDENCIES: Table = ("project", "dependencies")

INVALID = "it is no valid requirement (PEP 508)"
NO_SOURCE = "uv does not support this kind of address"

ROOT = "file:///${PROJECT_ROOT}/"
"""PDM's placeholder for the project's folder."""


@dataclass(frozen=True)
class Entry:
    """One requirement."""

    origin: str
    """File that declares it."""

    table: Table
    text: str | dict[str, str]
    """A PEP 508 requirement, or a PEP 735 table that includes another group."""

    source: dict[str, Any] = field(default_factory=dict)
    """Row of ``[tool.uv.sources]``; empty for packages of an index."""

    @property
    def name(self) -> str:
        """Name of the distribution; empty for an included group."""
        return canonicalize_name(Requirement(self.text).name) if isinstance(self.text, str) else ""


class Python(NamedTuple):
    """The Python versions that a file requires."""

    origin: str
    specifier: str


class Untranslated(NamedTuple):
    """A line that was not translated, or only in part."""

    file: str
    line: str
    reason: str


Found = Entry | Python | Untranslated


def to_extra(name: str) -> Table:
    """Return the table of an extra."""
    return ("project", "optional-dependencies", canonicalize_name(name))


def to_group(name: str) -> Table:
    """Return the table of a dependency group."""
    return ("dependency-groups", canonicalize_name(name))


def skip(origin: str, line: object, reason: str) -> Untranslated:
    """Report a line that was not translated, without credentials."""
    return Untranslated(origin, hide_logins(" ".join(str(line).split())), reason)


def is_valid(line: str) -> bool:
    """Check whether a line is a PEP 508 requirement."""
    try:
        Requirement(line)
    except InvalidRequirement:
        return False
    return True


def write(
    origin: str, table: Table, line: str, source: dict[str, Any] | None = None
) -> Iterator[Found]:
    """Write a requirement with lower bounds, and its URL as a source of uv."""
    if not is_valid(line):
        yield skip(origin, line, INVALID)
        return
    found = Requirement(line)
    if found.url:
        source = read_url(found.url)
        if not source:
            yield skip(origin, line, NO_SOURCE)
            return
    if source and source != without_logins(source):
        yield skip(origin, line, "its credentials were removed; configure them in Git or uv")
    yield Entry(origin, table, _spell(found), without_logins(source or {}))


def write_python(origin: str, specifier: str) -> Iterator[Found]:
    """Yield the Python versions with lower bounds; nothing if any version is allowed."""
    try:
        loose = loosen(SpecifierSet(specifier))
    except InvalidSpecifier:
        yield skip(origin, f"python {specifier}", "it is no valid version (PEP 440)")
        return
    if loose:
        yield Python(origin, loose)


def _spell(requirement: Requirement) -> str:
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    marker = f"; {requirement.marker}" if requirement.marker else ""
    return f"{requirement.name}{extras}{loosen(requirement.specifier)}{marker}"


def loosen(specifiers: SpecifierSet) -> str:
    """Turn pins into lower bounds, which come first, and keep upper bounds and exclusions."""
    return ",".join(sorted(map(_loosen, specifiers), key=lambda it: ">!<=".index(it[0])))


def _loosen(specifier: Specifier) -> str:
    if specifier.operator not in {"==", "===", "~="}:
        return str(specifier)
    # Lower bounds cannot have a local version, such as +cu126.
    return ">=" + specifier.version.removesuffix(".*").partition("+")[0]


def read_url(url: str) -> dict[str, Any]:
    """Translate an address of pip to a row of ``[tool.uv.sources]``; empty if unsupported.

    Git addresses may have a revision, ``git+https://host/project.git@v1#subdirectory=python``.
    """
    address, _, fragment = url.partition("#")
    subdirectory = re.search(r"(?:^|&)subdirectory=([^&]+)", fragment)
    row: dict[str, Any] = {}
    if address.startswith(("git+", "git://")):
        # What comes before the path may have an @, too.
        parts = re.fullmatch(r"((?:\w+://)?[^/]+/[^@]*)(?:@(.+))?", address.removeprefix("git+"))
        row = {"git": spell_git(parts[1])} if parts else {}
        if parts and parts[2]:
            row["rev"] = parts[2]
    elif address.startswith(ROOT):
        row["path"] = unquote(address.removeprefix(ROOT)).rstrip("/")
    elif address.startswith(("https://", "http://")):
        row["url"] = address
    if row and subdirectory:
        row["subdirectory"] = subdirectory[1]
    return row


def spell_git(address: str) -> str:
    """Convert the short form of SSH, ``git@host:path``, to a URL. Pure."""
    return re.sub(r"^(\w+@[^:/]+):(?!\d)", r"ssh://\1/", address)


def without_logins(source: dict[str, Any]) -> dict[str, Any]:
    """Remove credentials from URLs; the user of an SSH URL is not secret."""
    return {
        key: re.sub(r"^(https?://)[^/@]+@", r"\1", value) if isinstance(value, str) else value
        for key, value in source.items()
    }


def get_table(parent: Any, *keys: str) -> dict[str, Any]:
    """Return a nested table of a parsed file; empty if missing or of another type."""
    for key in keys:
        parent = parent.get(key) if isinstance(parent, dict) else None
    return parent if isinstance(parent, dict) else {}


def get_list(value: Any) -> list[Any]:
    """Return a list of a parsed file; empty if missing or of another type."""
    return value if isinstance(value, list) else []
