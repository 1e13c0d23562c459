"""Literal values in ``setup.cfg`` and ``setup.py``; no code is run."""

import ast
from collections.abc import Iterator
from configparser import ConfigParser, Error
from typing import Any

from copier_ml.adopt.evidence import Evidence, parse_setup

from . import entry
from .entry import DEPENDENCIES, Found, Table
from .pip import Reader, split


def read_cfg(evidence: Evidence, reader: Reader) -> Iterator[Found]:
    """Read ``setup.cfg``."""
    parser = ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(evidence.read("setup.cfg"))
    except Error:
        yield entry.skip("setup.cfg", "", "it is invalid")
        return
    options = dict(parser["options"]) if parser.has_section("options") else {}
    extras = (
        parser["options.extras_require"] if parser.has_section("options.extras_require") else {}
    )
    yield from entry.write_python("setup.cfg", options.get("python_requires", ""))
    yield from _read_setting(options.get("install_requires", ""), DEPENDENCIES, reader)
    for name, lines in extras.items():
        yield from _read_setting(lines, entry.to_extra(name), reader)


def _read_setting(text: str, table: Table, reader: Reader) -> Iterator[Found]:
    if text.strip().startswith("file:"):
        for path in text.strip().removeprefix("file:").split(","):
            yield from reader.read(path.strip(), table)
        return
    for line in split(text):
        yield from entry.write("setup.cfg", table, line)


def read_py(evidence: Evidence, *, has_files: bool) -> Iterator[Found]:
    """Read the call of ``setup`` and the constants that it uses.

    Args:
        evidence: The repository.
        has_files: Whether requirements files state the dependencies; most code reads these.
    """
    words = parse_setup(evidence.read("setup.py"))
    if (python := _read(words.get("python_requires"), "")) is None:
        yield _skip(words["python_requires"], "python_requires")
    else:
        yield from entry.write_python("setup.py", str(python))
    # It may be in the mapping after **.
    required = words.get("install_requires", words.get(""))
    if (lines := _read_lines(required)) is not None:
        yield from _write(lines, DEPENDENCIES)
    elif required and not has_files:
        yield _skip(required, "install_requires" if "install_requires" in words else "**")
    yield from _read_extras(words)


def _read_extras(words: dict[str, ast.expr]) -> Iterator[Found]:
    extras = words.get("extras_require", ast.Dict([], []))
    if not isinstance(extras, ast.Dict):
        yield _skip(extras, "extras_require")
        return
    for key, value in zip(extras.keys, extras.values, strict=True):
        name, lines = _read(key, "**"), _read_lines(value)
        if isinstance(name, str) and lines is not None:
            extra, _, marker = name.partition(":")
            yield from _write(lines, entry.to_extra(extra) if extra else DEPENDENCIES, marker)
        else:
            yield _skip(value, f"extras_require[{name!r}]")


def _read(node: ast.expr | None, default: Any) -> Any:
    """Evaluate a literal; ``None`` if computed."""
    try:
        return default if node is None else ast.literal_eval(node)
    except (ValueError, TypeError):
        return None


def _read_lines(node: ast.expr | None) -> list[str] | None:
    """Evaluate a list of requirements, or a text with one per line; ``None`` if computed."""
    found = _read(node, [])
    lines = [found] if isinstance(found, str) else found
    return split("\n".join(map(str, lines))) if isinstance(lines, list | tuple | set) else None


def _write(lines: list[str], table: Table, marker: str = "") -> Iterator[Found]:
    for line in lines:
        yield from entry.write("setup.py", table, line + f"; {marker}" * bool(marker))


def _skip(node: ast.expr, word: str) -> Found:
    return entry.skip(
        "setup.py", f"{word} = {ast.unparse(node)}", "it is computed by code, which is not run"
    )
