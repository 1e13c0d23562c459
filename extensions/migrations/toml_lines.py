"""Move a key among lines of TOML. The caller reads the result back, as it may be wrong."""

import json
import re
import tomllib
from itertools import pairwise
from typing import Any, NamedTuple

Keys = tuple[str, ...]


class Table(NamedTuple):
    """A heading's keys, and the lines below it."""

    keys: Keys
    start: int
    end: int


def move(lines: list[str], old: Keys, new: Keys) -> list[str]:
    """Return lines where a key has another place, or the same lines if it is not found."""
    for table in (it for it in _list_tables(lines) if it.keys == old[: len(it.keys)]):
        for start in range(table.start, table.end):
            if _keys_of(lines[start]) == old[len(table.keys) :]:
                return _move(lines, start, _end(lines, start, table.end), table, new)
    return lines


def _move(lines: list[str], start: int, end: int, source: Table, new: Keys) -> list[str]:
    taken = lines[start:end]
    if not taken[-1].endswith("\n"):
        taken[-1] += "\n"
    _, equals, value = taken[0].partition("=")
    n_inner = len(source.keys)
    if source.keys == new[:n_inner] and n_inner:
        taken[0] = f"{_write(new[n_inner:])} {equals}{value}"
        return [*lines[:start], *taken, *lines[end:]]

    above = start
    while above > source.start and lines[above - 1].startswith("#"):
        above -= 1
    rest = lines[:above] + lines[end:]
    if rest and not rest[-1].endswith("\n"):
        rest[-1] += "\n"
    # [tool] alone is no home: what has a table of its own stays in one.
    homes = [it for it in _list_tables(rest) if len(it.keys) >= 2 or it.keys == new[:-1]]
    homes = [it for it in homes if it.keys == new[: len(it.keys)] and len(it.keys) < len(new)]
    home = max(homes, key=lambda it: len(it.keys), default=None)
    at = _last_content(rest, home) if home else len(rest)
    heading = [] if home else ["\n", f"[{_write(new[:-1])}]\n"]
    taken[0] = f"{_write(new[len(home.keys) if home else -1 :])} {equals}{value}"
    return [*rest[:at], *heading, *lines[above:start], *taken, *rest[at:]]


def _list_tables(lines: list[str]) -> list[Table]:
    headings = [n for n, line in enumerate(lines) if re.match(r"\s*\[", line) and _is_heading(line)]
    edges = [-1, *headings, len(lines)]
    # A list of tables, [[so]], has a name that no key leads to.
    names = [(), *(("[[",) if "[[" in lines[n] else _keys_of(lines[n]) for n in headings)]
    return [
        Table(keys, before + 1, after)
        for keys, (before, after) in zip(names, pairwise(edges), strict=True)
    ]


def _is_heading(line: str) -> bool:
    return _load(line) is not None


def _keys_of(line: str) -> Keys:
    """Read the keys of a heading, or of the first line of a value."""
    name, equals, _ = line.partition("=")
    data = _load(line) if line.lstrip().startswith("[") else _load(f"{name} = {{}}")
    if not data or not (equals or line.lstrip().startswith("[")):
        return ()
    keys: list[str] = []
    while isinstance(data, dict) and data:
        [(key, data)] = data.items()
        keys.append(key)
    return tuple(keys)


def _end(lines: list[str], start: int, limit: int) -> int:
    """Find the line after a value, which may take several."""
    for end in range(start + 1, limit + 1):
        if _load("".join(lines[start:end])) is not None:
            return end
    return start + 1


def _last_content(lines: list[str], table: Table) -> int:
    at = table.end
    while at > table.start and (not lines[at - 1].strip() or lines[at - 1].startswith("#")):
        at -= 1
    return at


def _write(keys: Keys) -> str:
    is_bare = re.compile(r"[A-Za-z0-9_-]+").fullmatch
    return ".".join(key if is_bare(key) else json.dumps(key) for key in keys)


def _load(text: str) -> dict[str, Any] | None:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None
