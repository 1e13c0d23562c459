"""The steps of migrations: a script lists them in STEPS.

The script `v1_2_0.py` has the moves of 1.2.0, such as `STEPS = [Rename("a.py", "docs/a.py")]`. It
runs for each project of an older version, and may run twice.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Rename:
    """Move a file of the template, with the owner's edits.

    Paths may contain `{package_name}` and other answers. A file that the owner deleted or renamed
    is left alone.
    """

    old: str
    new: str


@dataclass(frozen=True)
class MergeOnce:
    """Merge the template's changes into a file of the owner, only in this update.

    Either it belongs to the owner from this version on, or its interfaces change. List the file in
    ``_skip_if_exists``, too. The path may contain answers.
    """

    path: str


@dataclass(frozen=True)
class ReplaceUnedited:
    """Replace related files of the owner by the template's, if none of them was edited.

    Otherwise all stay as they are; merging would mix two designs. List the files in
    ``_skip_if_exists``, too.
    """

    paths: tuple[str, ...]


@dataclass(frozen=True)
class AddDefinition:
    """Append lines to a Python file of the owner that does not define a name."""

    file: str
    name: str
    lines: str


@dataclass(frozen=True)
class KeepEdited:
    """Keep edited files that the template no longer has, as conflicts."""


@dataclass(frozen=True)
class MapAnswer:
    """Replace an answer that is no longer offered by another one, or by the default.

    Other answers to a multiselect question stay.
    """

    question: str
    old: str
    new: str | None = None


@dataclass(frozen=True)
class SetAnswers:
    """Derive answers from older ones, with a function that returns the changes; idempotent."""

    derive: Callable[[dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True)
class AddSetting:
    """Append a setting to a file of the owner without it, and create the file if missing."""

    file: str
    lines: str


@dataclass(frozen=True)
class RemoveSetting:
    """Remove a setting from files in config/, and report its environment variables."""

    name: str


@dataclass(frozen=True)
class MoveSetting:
    """Rename a setting in the owner's files in config/.

    A dot in a name leads into a table, such as `thresholds.accuracy`. Environment variables, which
    updates may not edit, are reported.
    """

    old: str
    new: str


@dataclass(frozen=True)
class MoveKey:
    """Move a key in a TOML or YAML file, such as `tool.a.key` to `tool.b.key`."""

    file: str
    old: str
    new: str


Step = (
    AddDefinition
    | AddSetting
    | KeepEdited
    | MapAnswer
    | MergeOnce
    | MoveKey
    | MoveSetting
    | RemoveSetting
    | Rename
    | ReplaceUnedited
    | SetAnswers
)
