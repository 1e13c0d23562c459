"""What the reader of each format yields, and how one requirement is written. Pure.

Pins become lower bounds: a project of the template has its exact versions in ``uv.lock``, so that
an update of one package need not wait for all others. ``==``, ``===``, ``~=``, and Poetry's and
conda's own operators, state the version that the code was written with, which is the least that it
is known to work with. ``<``, ``<=`` and ``!=`` stay in every format: somebody wrote them because of
a version that does not work.
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
"""Where a requirement belongs: a path of keys in pyproject.toml."""

DEPENDENCIES: Table = ("project", "dependencies")

INVALID = "it is no valid requirement (PEP 508)"
NO_SOURCE = "uv takes no such address"

ROOT = "file:///${PROJECT_ROOT}/"
"""What PDM writes for the folder of the project."""


@dataclass(frozen=True)
class Entry:
    """One requirement."""

    origin: str
    """File that states it."""

    table: Table
    text: str | dict[str, str]
    """As in PEP 508, or the table of PEP 735 that includes another group."""

    source: dict[str, Any] = field(default_factory=dict)
    """Row of ``[tool.uv.sources]``; empty for what comes from an index."""

    @property
    def name(self) -> str:
        """Name of the distribution; empty for an included group."""
        return canonicalize_name(Requirement(self.text).name) if isinstance(self.text, str) else ""


class Python(NamedTuple):
    """The versions of Python that a file asks for."""

    origin: str
    specifier: str


class Untranslated(NamedTuple):
    """A line that has no translation, or loses something in it."""

    file: str
    line: str
    reason: str


Found = Entry | Python | Untranslated


def to_extra(name: str) -> Table:
    """Name the table of an extra."""
    return ("project", "optional-dependencies", canonicalize_name(name))


def to_group(name: str) -> Table:
    """Name the table of a dependency group."""
    return ("dependency-groups", canonicalize_name(name))


def skip(origin: str, line: object, reason: str) -> Untranslated:
    """Say that a line has no translation; nobody who logs in somewhere is named."""
    return Untranslated(origin, hide_logins(" ".join(str(line).split())), reason)


def is_valid(line: str) -> bool:
    """Tell whether a line is a requirement of the standard."""
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
        yield skip(origin, line, "its login is left out; let Git or uv log in")
    yield Entry(origin, table, _spell(found), without_logins(source or {}))


def write_python(origin: str, specifier: str) -> Iterator[Found]:
    """Write the versions of Python with lower bounds; nothing if any version will do."""
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
    """Write pins as lower bounds, these first, and keep upper bounds and exclusions."""
    return ",".join(sorted(map(_loosen, specifiers), key=lambda it: ">!<=".index(it[0])))


def _loosen(specifier: Specifier) -> str:
    if specifier.operator not in {"==", "===", "~="}:
        return str(specifier)
    # A build of one version, such as +cu126, is nothing that a lower bound can have.
    return ">=" + specifier.version.removesuffix(".*").partition("+")[0]


def read_url(url: str) -> dict[str, Any]:
    """Translate pip's form of an address to a row of ``[tool.uv.sources]``; empty if uv has none.

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
    """Write the short form of SSH, ``git@host:path``, as an address. Pure."""
    return re.sub(r"^(\w+@[^:/]+):(?!\d)", r"ssh://\1/", address)


def without_logins(source: dict[str, Any]) -> dict[str, Any]:
    """Cut user names and passwords out of addresses; the user name of SSH is no secret."""
    return {
        key: re.sub(r"^(https?://)[^/@]+@", r"\1", value) if isinstance(value, str) else value
        for key, value in source.items()
    }


def get_table(parent: Any, *keys: str) -> dict[str, Any]:
    """Read a nested table of a parsed file; empty if it is missing or something else."""
    for key in keys:
        parent = parent.get(key) if isinstance(parent, dict) else None
    return parent if isinstance(parent, dict) else {}


def get_list(value: Any) -> list[Any]:
    """Read a list of a parsed file; empty if it is missing or something else."""
    return value if isinstance(value, list) else []
