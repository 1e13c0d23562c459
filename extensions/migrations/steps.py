"""What a version's script may ask for: a line each, in a list called STEPS.

A script `v1_2_0.py` says what 1.2.0 moved, such as `STEPS = [Rename("a.py", "docs/a.py")]`. It is
run for each project that comes from an older version, and it may run twice.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Rename:
    """A file of the template has another path: the owner's edits follow it.

    Paths may contain `{package_name}` and other answers. A file that the owner deleted or renamed
    is left alone.
    """

    old: str
    new: str


@dataclass(frozen=True)
class HandOver:
    """A file is the owner's from this version on: it is merged once more, and never again.

    Name it in ``_skip_if_exists`` as well. The path may contain answers.
    """

    path: str


@dataclass(frozen=True)
class MapAnswer:
    """An answer is offered no more: a project that gave it gives another, or none of its own.

    Of a question that takes several, the others stay.
    """

    question: str
    old: str
    new: str | None = None


@dataclass(frozen=True)
class MoveSetting:
    """A setting has another name: the owner's files in config/ follow.

    Names are as in YAML; a dot leads into a table, such as `thresholds.accuracy`. Variables of the
    environment, which no update may edit, are told.
    """

    old: str
    new: str


@dataclass(frozen=True)
class MoveKey:
    """A key of a TOML or YAML file has another place, such as `tool.a.key` to `tool.b.key`."""

    file: str
    old: str
    new: str


Step = HandOver | MapAnswer | Rename | MoveSetting | MoveKey
