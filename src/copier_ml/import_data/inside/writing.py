"""Write the inferred schema and settings to the owner's files of a project."""

import re
from hashlib import sha256
from pathlib import Path
from typing import Any

from .deciding import Table
from .kinds import Column
from .reading import Dialect

SCHEMA = '''\
"""What a row looks like: `import-data` wrote this from {source}, and you may edit it."""

from typing import Any

from pandera.pandas import DataFrameSchema

from .columns import {imports}

ID = {id}
"""Column that names a row, and that predictions repeat; empty for none."""

TARGET = {target}
CLASSES: tuple[Any, ...] = {classes}
"""Classes of the target; none for a target that is a number."""

UNLABELLED = DataFrameSchema(
    {{
{features}
    }}
)
LABELLED = UNLABELLED.add_columns({{TARGET: {label}}})
FEATURES = tuple(UNLABELLED.columns)
'''
WIDTH = 100
SEPARATOR = ",\0"
"""Separates arguments of a call until it is wrapped: texts may have commas."""

SIGNED = re.compile(r"\n# Unedited: ([0-9a-f]{12}) .*\n\Z")
"""Last line of an unedited schema: a checksum of the others."""


def is_edited(text: str) -> bool:
    """Check whether a schema was edited."""
    found = SIGNED.search(text)
    return not found or found[1] != _checksum(text[: found.start()])


def sign(text: str) -> str:
    """Add the checksum line of an unedited schema."""
    return (
        f"{text}\n# Unedited: {_checksum(text)} (else import-data replaces it only if asked to)\n"
    )


def _checksum(text: str) -> str:
    return sha256(text.strip().encode()).hexdigest()[:12]


def write_schema(table: Table, source: str) -> str:
    """Write ``schema.py``."""
    features = {column.name: _call(column) for column in table.features()}
    used = sorted({"label", *(call.partition("(")[0] for call in features.values())})
    marks = {} if table.classes else table.target.options
    options = ", ".join(f"{name}={quoted(mark)}" for name, mark in marks.items())
    return SCHEMA.format(
        source=source,
        imports=", ".join(used),
        id=quoted(table.id),
        target=quoted(table.target.name),
        classes=_tuple(table.classes),
        features="\n".join(
            _wrap(f"        {quoted(name)}: ", call) for name, call in features.items()
        ),
        label="label(*CLASSES)" if table.classes else f"label({options})",
    )


def quoted(value: Any) -> str:
    """Return a literal in the formatter's style: with double quotes, unless it contains some."""
    text = repr(value)
    if text.startswith("'") and '"' not in text:
        return f'"{text[1:-1]}"'
    return text


def _tuple(values: tuple[Any, ...]) -> str:
    text = ", ".join(map(quoted, values))
    if len(values) == 1:
        return f"({text},)"
    if len(text) + 35 <= WIDTH:
        return f"({text})"
    return "(\n" + "".join(f"    {quoted(value)},\n" for value in values) + ")"


def _wrap(start: str, call: str) -> str:
    """Format a column on one line, or with one argument per line."""
    line = f"{start}{call.replace(SEPARATOR, ', ')},"
    if len(line) <= WIDTH:
        return line
    name, _, rest = call.partition("(")
    arguments = "".join(f"            {one},\n" for one in rest.removesuffix(")").split(SEPARATOR))
    return f"{start}{name}(\n{arguments}        ),"


def _call(column: Column) -> str:
    options: list[str] = []
    if column.kind == "category":
        options += map(quoted, column.options.get("categories", []))
    elif column.kind == "timestamp":
        options += [quoted(column.options["format"])] if column.options else []
    elif column.kind == "boolean":
        options += [quoted(column.options[word]) for word in ("true", "false") if column.options]
    else:
        options += [f"{name}={quoted(mark)}" for name, mark in column.options.items()]
    if column.n_missing:
        options.append("nullable=True")
    return f"{column.kind}({SEPARATOR.join(options)})"


def write_data(text: str, dialect: Dialect) -> str:
    """Write the dialect to ``data.py``."""
    facts = {"sep": dialect.delimiter or ",", "encoding": dialect.encoding or "utf-8"}
    if dialect.quote not in ("", '"'):
        facts["quotechar"] = dialect.quote
    shown = ", ".join(f"{quoted(name)}: {quoted(value)}" for name, value in facts.items())
    line = f"CSV: dict[str, Any] = {{{shown}}}"
    found = re.sub(r"^CSV(?:: .*)? = .*$", lambda _: line, text, count=1, flags=re.MULTILINE)
    if line not in found:
        raise ValueError("data.py has no line 'CSV = ...' for the format of files; restore it")
    return found


def write_settings(
    text: str, path: Path, thresholds: dict[str, float], gains: dict[str, float]
) -> str:
    """Write paths and thresholds to ``config/base.yaml``, and keep its other lines."""
    shown = quoted(path.as_posix())
    text = _set(text, "data_path", f" {shown} # Labeled rows.")
    text = _set(text, "input_path", f" {shown} # Rows for `predict`.")
    text = _set(
        text, "thresholds", _block(thresholds, "Limit of each metric; beyond, `evaluate` fails.")
    )
    return _set(
        text, "gains", _block(gains, "Minimum gain over the champion; below 0 allows a loss.")
    )


def write_production(text: str, thresholds: dict[str, float]) -> str:
    """Write thresholds to ``config/prod.yaml`` in place of the example's."""
    return _set(text, "thresholds", _block(thresholds, "Raise them to what production needs."))


def _block(values: dict[str, float], comment: str) -> str:
    lines = "".join(f"\n  {name}: {value:g}" for name, value in values.items())
    return f" # {comment}{lines}" if values else " {}"


def _set(text: str, name: str, value: str) -> str:
    """Replace a setting and its nested lines, or add it."""
    line = f"{name}:{value}"
    pattern = rf"^{name}:.*(?:\n  .*)*$"
    if not re.search(pattern, text, re.MULTILINE):
        return f"{text.rstrip()}\n{line}\n"
    return re.sub(pattern, lambda _: line, text, count=1, flags=re.MULTILINE)
