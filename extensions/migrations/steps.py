"""What a version's script may ask for: a line each, in a list called STEPS.

A script `v1_2_0.py` says what 1.2.0 moved, such as `STEPS = [Rename("a.py", "docs/a.py")]`. It is
run for each project that comes from an older version, and it may run twice.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Rename:
    """A file of the template has another path: the owner's edits follow it.

    Paths may contain `{package_name}` and other answers. A file that the owner deleted or renamed
    is left alone.
    """

    old: str
    new: str


@dataclass(frozen=True)
class MergeOnce:
    """A file of the owner's is merged with the template's in this update, and in no later one.

    Either the version hands it over, or it changes what the file works with. Name the file in
    ``_skip_if_exists`` as well. The path may contain answers.
    """

    path: str


@dataclass(frozen=True)
class ReplaceUnedited:
    """Files of the owner's that fit together: the template's new ones replace them, or none.

    They are replaced if the owner edited none of them; merging would mix two designs. Otherwise
    they stay as they are. Name the files in ``_skip_if_exists`` as well.
    """

    paths: tuple[str, ...]


@dataclass(frozen=True)
class AddDefinition:
    """A Python file of the owner's needs a name: it gets these lines at its end if it has none."""

    file: str
    name: str
    lines: str


@dataclass(frozen=True)
class KeepEdited:
    """The template has fewer files than before: those that the owner edited stay, as conflicts."""


@dataclass(frozen=True)
class MapAnswer:
    """An answer is offered no more: a project that gave it gives another, or none of its own.

    Of a question that takes several, the others stay.
    """

    question: str
    old: str
    new: str | None = None


@dataclass(frozen=True)
class SetAnswers:
    """Answers follow from older ones: a function gives those that change, none the second time."""

    derive: Callable[[dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True)
class AddSetting:
    """A file of the owner's needs a setting: it gets these lines at its end if it has none.

    The file is made if there is none.
    """

    file: str
    lines: str


@dataclass(frozen=True)
class RemoveSetting:
    """A setting is gone: files in config/ lose it. Variables of the environment are reported."""

    name: str


@dataclass(frozen=True)
class MoveSetting:
    """A setting has another name: the owner's files in config/ follow.

    Names are as in YAML; a dot leads into a table, such as `thresholds.accuracy`. Variables of the
    environment, which no update may edit, are reported.
    """

    old: str
    new: str


@dataclass(frozen=True)
class MoveKey:
    """A key of a TOML or YAML file has another place, such as `tool.a.key` to `tool.b.key`."""

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
