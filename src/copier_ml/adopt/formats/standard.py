"""The standard tables of pyproject.toml, and those of setuptools, PDM, Hatch and uv."""

import tomllib
from collections.abc import Iterator
from typing import Any

from copier_ml.adopt.evidence import Evidence

from . import entry
from .entry import DEPENDENCIES, Entry, Found, Table, get_list, get_table
from .pip import Reader

ORIGIN = "pyproject.toml"


def read(evidence: Evidence) -> Iterator[Found]:
    """Read PEP 621 and PEP 735 tables, which need no translation."""
    project = get_table(evidence.pyproject, "project")
    if isinstance(python := project.get("requires-python"), str):
        yield entry.Python(ORIGIN, python)
    yield from _keep(project.get("dependencies"), DEPENDENCIES)
    for root in (("project", "optional-dependencies"), ("dependency-groups",)):
        for name, lines in get_table(evidence.pyproject, *root).items():
            yield from _keep(lines, (*root, name))


def _keep(lines: Any, table: Table) -> Iterator[Found]:
    for line in get_list(lines):
        if isinstance(line, dict) or entry.is_valid(str(line)):
            yield Entry(ORIGIN, table, line)
        else:
            yield entry.skip(ORIGIN, line, entry.INVALID)


def read_dynamic(evidence: Evidence, reader: Reader) -> Iterator[Found]:
    """Read the files of setuptools' dynamic fields."""
    dynamic = get_table(evidence.pyproject, "tool", "setuptools", "dynamic")
    extras = get_table(dynamic, "optional-dependencies")
    rows = {DEPENDENCIES: dynamic.get("dependencies")}
    rows |= {entry.to_extra(name): row for name, row in extras.items()}
    for table, row in rows.items():
        files = row.get("file") if isinstance(row, dict) else []
        for path in [files] if isinstance(files, str) else get_list(files):
            yield from reader.read(path, table)


def read_tools(evidence: Evidence, reader: Reader) -> Iterator[Found]:
    """Read groups from before PEP 735: of PDM, uv and Hatch's environments."""
    tool = get_table(evidence.pyproject, "tool")
    groups = [*get_table(tool, "pdm", "dev-dependencies").items()]
    for name, lines in [*groups, ("dev", get_table(tool, "uv").get("dev-dependencies"))]:
        for line in get_list(lines):
            yield from reader.read_line(ORIGIN, line, entry.to_group(name))
    yield from _read_environments(ORIGIN, get_table(tool, "hatch", "envs"), reader)
    try:
        settings = tomllib.loads(evidence.read("hatch.toml"))
    except tomllib.TOMLDecodeError:
        yield entry.skip("hatch.toml", "", "it is no TOML")
    else:
        yield from _read_environments("hatch.toml", get_table(settings, "envs"), reader)


def _read_environments(origin: str, table: dict[str, Any], reader: Reader) -> Iterator[Found]:
    """Read Hatch's environments; the default one is the group ``dev``."""
    for name in table:
        group = entry.to_group("dev" if name == "default" else name)
        for key in ("dependencies", "extra-dependencies"):
            for line in get_list(get_table(table, name).get(key)):
                yield from reader.read_line(origin, line, group)
