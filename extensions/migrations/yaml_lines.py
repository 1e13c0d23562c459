"""Move or remove a key among lines of YAML.

The caller reads the result back, as it may be wrong.
"""

import re
from typing import NamedTuple

Keys = tuple[str, ...]


class Block(NamedTuple):
    """Lines of a key and its value, without the comments above."""

    start: int
    end: int
    indent: int


def move(lines: list[str], old: Keys, new: Keys) -> list[str]:
    """Return lines where a key has another place, or the same lines if it is not found."""
    block = _find(lines, old)
    if block is None:
        return lines
    renamed = [_KEY.sub(lambda it: it[1] + new[-1] + it[3], lines[block.start], count=1)]
    taken = renamed + lines[block.start + 1 : block.end]
    if old[:-1] == new[:-1]:
        return [*lines[: block.start], *taken, *lines[block.end :]]

    start = block.start
    while start and re.match(rf" {{{block.indent}}}#", lines[start - 1]):
        start -= 1
    taken = [*lines[start : block.start], *taken]
    rest = lines[:start] + lines[block.end :]
    return _insert(_drop_empty(rest, old[:-1]), taken, block.indent, new[:-1])


def remove(lines: list[str], keys: Keys) -> list[str]:
    """Return lines without a key; comments stay."""
    block = _find(lines, keys)
    if block is None:
        return lines
    return _drop_empty([*lines[: block.start], *lines[block.end :]], keys[:-1])


_KEY = re.compile(r"""^(\s*)(["']?[^\s"'#:]+["']?)(\s*:)""")


def _find(lines: list[str], keys: Keys) -> Block | None:
    block = Block(-1, len(lines), -1)
    for key in keys:
        inner = range(block.start + 1, block.end)
        indents = [_indent(lines[n]) for n in inner if _is_content(lines[n])]
        named = re.compile(rf"""^ *(["']?){re.escape(key)}\1\s*:(\s|$)""")
        found = [n for n in inner if named.match(lines[n]) and _indent(lines[n]) == indents[0]]
        if not found or indents[0] <= block.indent:
            return None
        block = Block(found[0], _end(lines, found[0], block.end), indents[0])
    return block


def _end(lines: list[str], start: int, limit: int) -> int:
    """Find where a value ends; comments and empty lines after it belong to what follows."""
    end = start + 1
    for n in range(start + 1, limit):
        deeper = _indent(lines[n]) > _indent(lines[start])
        is_item = _indent(lines[n]) == _indent(lines[start]) and lines[n].lstrip().startswith("- ")
        if _is_content(lines[n]) and not (deeper or is_item):
            break
        if _is_content(lines[n]) or (deeper and lines[n].strip()):
            end = n + 1
    return end


def _drop_empty(lines: list[str], keys: Keys) -> list[str]:
    """Drop tables that have lost their last key: they would be null."""
    for depth in range(len(keys), 0, -1):
        block = _find(lines, keys[:depth])
        if block is None or any(map(_is_content, lines[block.start + 1 : block.end])):
            break
        lines = lines[: block.start] + lines[block.end :]
    return lines


def _insert(lines: list[str], taken: list[str], indent: int, tables: Keys) -> list[str]:
    if lines and not lines[-1].endswith("\n"):
        lines = [*lines[:-1], lines[-1] + "\n"]
    if not taken[-1].endswith("\n"):
        taken = [*taken[:-1], taken[-1] + "\n"]
    depth = len(tables)
    while depth and not _find(lines, tables[:depth]):
        depth -= 1
    parent = _find(lines, tables[:depth]) if depth else None
    at, outer = (parent.end, parent.indent + 2) if parent else (len(lines), 0)
    if parent:
        inner = [_indent(it) for it in lines[parent.start + 1 : parent.end] if _is_content(it)]
        outer = inner[0] if inner else outer
    headings = [f"{' ' * (outer + 2 * n)}{key}:\n" for n, key in enumerate(tables[depth:])]
    shift = outer + 2 * len(headings) - indent
    shifted = [_shift(line, shift) for line in taken]
    return [*lines[:at], *headings, *shifted, *lines[at:]]


def _shift(line: str, by: int) -> str:
    if not line.strip():
        return line
    return " " * by + line if by > 0 else line[min(-by, _indent(line)) :]


def _is_content(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
