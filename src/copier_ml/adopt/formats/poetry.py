"""Tables of Poetry, and Pipfiles, which have similar keys."""

import re
import tomllib
from collections.abc import Iterator
from typing import Any

from packaging.utils import canonicalize_name

from copier_ml.adopt.evidence import Evidence

from . import entry
from .entry import DEPENDENCIES, Found, Table, get_list, get_table

GIT = {"git": "git", "rev": "rev", "ref": "rev", "tag": "tag", "branch": "branch",
       "subdirectory": "subdirectory"}  # fmt: skip
PLACES = {
    "path": "path",
    "url": "url",
    "file": "url",
    "develop": "editable",
    "editable": "editable",
}
"""Keys of a row, and the corresponding keys of uv."""

MARKERS = ("implementation_name", "os_name", "platform_machine", "platform_python_implementation",
           "platform_release", "platform_system", "platform_version", "python_full_version",
           "python_version", "sys_platform")  # fmt: skip
"""Markers that are keys in a Pipfile, with an operator in their value."""


def read(evidence: Evidence) -> Iterator[Found]:
    """Read ``[tool.poetry]``."""
    table = get_table(evidence.pyproject, "tool", "poetry")
    reader = Reader("pyproject.toml", table.get("source"))
    rows = dict(get_table(table, "dependencies"))
    if isinstance(python := rows.pop("python", None), str):
        yield from entry.write_python(reader.origin, bound(python))
    extras = {
        extra: {canonicalize_name(str(name)) for name in get_list(names)}
        for extra, names in get_table(table, "extras").items()
    }
    for name, row in rows.items():
        places = [DEPENDENCIES]
        if isinstance(row, dict) and row.get("optional"):
            places = [entry.to_extra(it) for it in extras if canonicalize_name(name) in extras[it]]
            if not places:
                yield entry.skip(reader.origin, name, "it is optional, but in no extra")
        for place in places:
            yield from reader.read(place, {name: row})
    yield from reader.read(entry.to_group("dev"), get_table(table, "dev-dependencies"))
    for group in get_table(table, "group"):
        place = entry.to_group(group)
        yield from reader.read(place, get_table(table, "group", group, "dependencies"))
        for included in get_list(get_table(table, "group", group).get("include-groups")):
            yield entry.Entry(reader.origin, place, {"include-group": str(included)})


def read_pipfile(evidence: Evidence) -> Iterator[Found]:
    """Read a Pipfile; each additional table is a group."""
    try:
        data = tomllib.loads(evidence.read("Pipfile"))
    except tomllib.TOMLDecodeError:
        yield entry.skip("Pipfile", "", "it is no TOML")
        return
    python = get_table(data, "requires").get("python_version", "")
    yield from entry.write_python("Pipfile", bound(str(python)))
    reader = Reader("Pipfile", data.pop("source", None))
    places = {"packages": DEPENDENCIES, "dev-packages": entry.to_group("dev")}
    for key in data:
        if key not in {"requires", "scripts", "pipenv"}:
            table = places.get(key) or entry.to_group(key)
            yield from reader.read(table, get_table(data, key))


class Reader:
    """Reads the tables of one file; rows may name an index."""

    def __init__(self, origin: str, indexes: Any) -> None:
        self.origin = origin
        self.private = {
            row.get("name")
            for row in get_list(indexes)
            if isinstance(row, dict) and _read_domain(row) not in {"pypi", "pytorch"}
        }
        """Private indexes: PyPI may have unrelated packages of the same names."""

    def read(self, table: Table, rows: dict[str, Any]) -> Iterator[Found]:
        """Translate rows: a version, a table, or a list of tables for several platforms."""
        for name, row in rows.items():
            for one in row if isinstance(row, list) else [row]:
                keys = one if isinstance(one, dict) else {"version": one}
                index = keys.get("source", keys.get("index"))
                if index in self.private:
                    reason = f"it is from the index {index}; add it with 'uv add --index'"
                    yield entry.skip(self.origin, name, reason)
                else:
                    line = _spell(name, keys)
                    yield from entry.write(self.origin, table, line, _read_source(keys))


def _read_domain(row: dict[str, Any]) -> str:
    found = re.match(
        r"https?://(?:[^/@]*@)?(?:[\w-]+\.)*([\w-]+)\.\w+(?:[:/]|$)", str(row.get("url"))
    )
    return found[1] if found else ""


def _spell(name: str, keys: dict[str, Any]) -> str:
    extras = ",".join(map(str, get_list(keys.get("extras"))))
    marker = " and ".join(f"({it})" for it in _read_markers(keys))
    version = bound(str(keys.get("version", "*")))
    return name + f"[{extras}]" * bool(extras) + version + f"; {marker}" * bool(marker)


def _read_markers(keys: dict[str, Any]) -> Iterator[str]:
    if keys.get("markers"):
        yield str(keys["markers"])
    if keys.get("platform"):
        yield f"sys_platform == '{keys['platform']}'"
    for part in bound(str(keys.get("python", "*"))).split(","):
        if found := re.fullmatch(r"([<>=!]+)(.+)", part):
            word = "python_full_version" if found[2].count(".") > 1 else "python_version"
            yield f"{word} {found[1]} '{found[2]}'"
    for key in keys.keys() & set(MARKERS):
        yield f"{key} {keys[key]}"


def _read_source(keys: dict[str, Any]) -> dict[str, Any]:
    if isinstance(git := keys.get("git"), str):
        row = {new: keys[old] for old, new in GIT.items() if old in keys}
        return row | {"git": entry.spell_git(git)}
    row = {new: keys[old] for old, new in PLACES.items() if old in keys}
    return row if {"path", "url"} & row.keys() else {}


def bound(constraint: str) -> str:
    """Convert Poetry's versions to PEP 440; of alternatives, the first and lowest. Pure."""
    first = re.sub(r"([<>=!~^])\s+", r"\1", constraint.partition("|")[0].strip())
    parts = [part for part in re.split(r"[\s,]+", first) if part not in {"", "*"}]
    parts = [re.sub(r"^(?:\^|~=?)", ">=", part) for part in parts]
    return ",".join(part if part[0] in "<>=!" else f"=={part}" for part in parts)
