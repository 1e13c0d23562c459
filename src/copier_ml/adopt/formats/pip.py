"""Requirements files of pip and pip-tools.

A file's name says what it is for: ``requirements.txt`` and ``requirements/base.txt`` are the
project's dependencies, all others (``requirements-dev.txt``, ``dev-requirements.txt``,
``requirements/test.in``, ``docs/requirements.txt``) are a group. A file that pip-tools compiled is
a lock, and so is one that pins all that the package's metadata require.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from posixpath import dirname, join, normpath

from packaging.utils import canonicalize_name

from copier_ml.adopt.evidence import Evidence

from . import entry
from .entry import DEPENDENCIES, Found, Table

MAIN = ["requirements", "requirement", "reqs", "base", "common", "core", "main", "prod",
        "production", "default"]  # fmt: skip
"""Words in a file's name that are no group; the first three mark a requirements file."""

OTHERS = {"constraint", "constraints", "license", "readme"}
"""Words in the names of similar files that declare no requirements."""

LOCKS = {"lock", "locked", "freeze", "frozen", "pinned"}

OPTION = re.compile(r"(--[a-z-]+|-[a-zA-Z])[ =]*(.*)")

OF_ONE = re.compile(r"\s+--(?:hash|config-settings?|global-option|install-option)\b.*")
"""Options of one requirement: ``uv.lock`` has the hashes, and build options do not apply."""

PLACE = re.compile(r"(?P<where>[^;\[\]]+?)(?:\[(?P<extras>[^\]]*)\])?(?P<marker>\s*;.*)?")

WHEEL = re.compile(r"(?:.*/)?([A-Za-z0-9._]+)-\d[^/#]*\.whl(?:#.*)?")


class Reader:
    """Requirements files, and lines of their syntax in other files. Each file is read once."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.done: set[tuple[str, Table]] = set()
        """Files that were read, and their tables."""

    @cached_property
    def groups(self) -> dict[str, str]:
        """Map each requirements file to its group, empty for the dependencies."""
        named = {path: read_name(path) for path in self.evidence.named(r"(?:[^/]+/)?[^/]+")}
        return {path: words for path, words in named.items() if words is not None}

    @cached_property
    def locks(self) -> list[str]:
        """Compiled requirements; complete after all files were read."""
        return [
            path for path, name in self.groups.items()
            if LOCKS & {*name.split("-")} or self._find_source(path) != path
        ]  # fmt: skip

    def read_all(self, declared: set[str]) -> Iterator[Found]:
        """Read all requirements files.

        Args:
            declared: Names that the package's metadata require.
        """
        files = {path: name for path, name in self.groups.items() if path not in self.locks}
        for path in [path for path in files if not files[path]]:
            if declared and declared <= self._find_pinned(path):
                self.locks.append(path)
                self.done.add((path, DEPENDENCIES))
            yield from self.read(path, DEPENDENCIES)
        for path, name in files.items():
            yield from self.read(path, entry.to_group(name))

    def read(self, path: str, table: Table) -> Iterator[Found]:
        """Read a file, unless the dependencies include it."""
        if self.done & {(path, table), (path, DEPENDENCIES)}:
            return
        self.done.add((path, table))
        if path not in self.evidence.paths:
            yield entry.skip(path, "", "another file includes it, but it is not committed")
        for line in split(self.evidence.read(path)):
            yield from self.read_line(path, line, table)

    def read_line(self, origin: str, line: str, table: Table) -> Iterator[Found]:
        """Read one line, which may include other files."""
        option, value = match.groups() if (match := OPTION.fullmatch(line)) else ("", line)
        path = self._find_source(normpath(join(dirname(origin), value)))
        if option in {"-r", "--requirement"}:
            yield from self._include(origin, path, table)
        elif option in {"-c", "--constraint"}:
            if path not in self.groups:
                yield entry.skip(origin, line, "constraints belong in [tool.uv]")
        elif option in {"-e", "--editable"}:
            yield from self._read_place(origin, value, table, is_editable=True)
        elif option:
            yield entry.skip(origin, line, "it is an option of pip; indexes belong in [tool.uv]")
        elif _is_place(line):
            yield from self._read_place(origin, line, table)
        else:
            yield from entry.write(origin, table, line)

    def _include(self, origin: str, path: str, table: Table) -> Iterator[Found]:
        name = self.groups.get(path)
        if name == "" and table != DEPENDENCIES:
            return  # Groups and extras are installed with the dependencies.
        group = entry.to_group(name or "")
        has_group = name and path not in self.locks and (path, DEPENDENCIES) not in self.done
        if has_group and table[0] == group[0] and table != group:
            yield entry.Entry(origin, table, {"include-group": group[-1]})
        else:
            yield from self.read(path, table)

    def _read_place(
        self, origin: str, line: str, table: Table, *, is_editable: bool = False
    ) -> Iterator[Found]:
        """Read a requirement with a URL or a path instead of a name."""
        match = PLACE.fullmatch(line)
        where = re.sub(r"^file:(?!//)", "", match["where"] if match else line)
        extras = f"[{match['extras']}]" if match and match["extras"] else ""
        if where in {"", ".", "./"}:
            if extras:
                yield entry.skip(origin, line, "extras of the project; use 'uv sync --extra'")
            return
        name, source = self._find_name(where), entry.read_url(where)
        if not source and "://" not in where:
            source = {"path": normpath(where)}
        if is_editable and "path" in source and not WHEEL.fullmatch(where):
            source["editable"] = True
        if not name or not source:
            reason = (
                entry.NO_SOURCE if name else "its name is unknown; try 'uv add' with the address"
            )
            yield entry.skip(origin, line, reason)
            return
        marker = match["marker"] or "" if match else ""
        yield from entry.write(origin, table, f"{name}{extras}{marker}", source)

    def _find_name(self, where: str) -> str:
        """Return a distribution's name from its URL, or from the files of its folder."""
        named = re.search(r"[#&]egg=([^&]+)", where)
        if "://" in where or normpath(where) in self.evidence.paths:
            named = named or WHEEL.fullmatch(where)
        if named or "://" in where:
            return named[1].replace("_", "-") if named else ""
        project = self.evidence.project
        prefix = normpath(project.prefix + where) + "/"
        guess = Evidence(replace(project, prefix=prefix)).metadata.get("name")
        return str(guess.value) if guess else ""

    def _find_source(self, path: str) -> str:
        """Return the source that pip-tools compiled a file from, or the file itself."""
        source = path.removesuffix(".txt") + ".in"
        return source if path.endswith(".txt") and source in self.evidence.paths else path

    def _find_pinned(self, path: str) -> set[str]:
        """List the pinned distributions; empty if a file has other requirements."""
        lines = [line for line in split(self.evidence.read(path)) if not line.startswith("-")]
        pinned = [re.match(r"([\w.-]+)(?:\[.*?\])?\s*===?[^*]*$", line) for line in lines]
        return {canonicalize_name(it[1]) for it in pinned if it} if all(pinned) else set()


def split(text: str) -> list[str]:
    """Split a file into its lines, without comments, hashes and empty lines. Pure."""
    lines = re.sub(r"\\\r?\n", " ", text).splitlines()
    lines = [OF_ONE.sub("", re.sub(r"(^|\s)#.*", "", line)).strip() for line in lines]
    return [line for line in lines if line]


def read_name(path: str) -> str | None:
    """Return the group of a path, empty for the dependencies, None for other files. Pure."""
    folder, _, name = path.rpartition("/")
    words = [word for word in re.split(r"[-_.]+", name.lower()) if word]
    suffix = words.pop() if words else ""
    is_named = folder in MAIN[:3] or (
        folder in {"", "doc", "docs", "test", "tests"} and {*MAIN[:3]} & {*words}
    )
    if suffix not in {"in", "txt"} or not is_named or OTHERS & {*words}:
        return None
    return "-".join(word for word in [folder, *words] if word and word not in MAIN)


def _is_place(line: str) -> bool:
    if entry.is_valid(line):
        return line.endswith((".whl", ".zip", ".tar.gz"))  # Names may have dots, too.
    return "/" in line or line.startswith(".")
