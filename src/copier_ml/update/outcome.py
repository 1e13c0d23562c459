"""The result of an update or a preview: as data, as Markdown, as JSON."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from copier_ml.shared.errors import printable

from .merge import Conflict

WORDS = {"A": "new", "D": "deleted", "M": "changed", "T": "type changed"}


@dataclass
class Outcome:
    """The result of an update or a preview. Paths are relative to the repository's root."""

    project: str
    old: str
    new: str
    """Versions of the template."""

    changelog: list[tuple[str, str]] = field(default_factory=list)
    """Versions after the old one, newest first, with their sections of the changelog."""

    changes: list[tuple[str, str]] = field(default_factory=list)
    """Git's status letter and the path of each file: added (A), deleted (D), modified (M) or of a
    changed type (T)."""

    conflicts: list[Conflict] = field(default_factory=list)
    kept: list[Conflict] = field(default_factory=list)
    """Files that the template changed and the update leaves alone: the owner's, or deleted."""

    lost: list[str] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)
    """Files whose edits are lost, as ``--accept-loss`` allows."""

    in_the_way: list[str] = field(default_factory=list)
    """Untracked files that new ones would overwrite."""

    new_answers: dict[str, Any] = field(default_factory=dict)
    """New questions, and the answers used."""

    changed_answers: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    """Questions with a changed answer: the old and the new one, None for no answer."""

    moved: dict[str, str] = field(default_factory=dict)
    """Folders of the template that the owner renamed, with the new name."""

    offered: dict[str, str] = field(default_factory=dict)
    """Answers that rename these folders in the template, too."""

    needs_trust: bool = False
    """Whether the rest is unknown, because the template may not run code."""

    @property
    def is_nothing(self) -> bool:
        """Whether the project is up to date."""
        return not (self.changes or self.conflicts or self.lost)

    @property
    def is_refused(self) -> bool:
        """Whether edits or files would be lost."""
        return bool(self.lost or self.in_the_way)


def as_json(outcome: Outcome) -> str:
    """Return the result as JSON."""
    return json.dumps(asdict(outcome), indent=2, default=str)


def as_text(outcome: Outcome) -> str:
    """Return the result as Markdown that is readable on a terminal."""
    return printable("\n".join(_write(outcome)))


def _write(outcome: Outcome) -> Iterator[str]:
    if outcome.is_nothing and not outcome.needs_trust:
        yield f"{outcome.project} is up to date with template {outcome.new}."
        return
    yield f"{outcome.project}: template {outcome.old} -> {outcome.new}"
    if outcome.needs_trust:
        yield ""
        yield "Showing the changes requires running code of the template: add --trust to allow it."
    yield from _list("Renamed folders that the update follows", _tell_moved(outcome))
    yield from _list("Conflicts to resolve", map(_because, outcome.conflicts))
    yield from _list("Refused: your edits would be lost", outcome.lost)
    yield from _list("Your edits that are lost (--accept-loss)", outcome.accepted)
    yield from _list(
        "Refused: untracked files would be overwritten; commit, move or delete them",
        outcome.in_the_way,
    )
    yield from _list("Left alone", map(_because, outcome.kept))
    yield from _list(
        "New questions and their answers (change one with --data QUESTION=ANSWER)",
        (f"{name}: {_spell(answer)}" for name, answer in outcome.new_answers.items()),
    )
    yield from _list(
        "Changed answers",
        (
            f"{name}: {_spell(old)} -> {_spell(new)}"
            for name, (old, new) in outcome.changed_answers.items()
        ),
    )
    yield from _list("Files", (f"{path} ({WORDS[letter]})" for letter, path in outcome.changes))
    for version, text in outcome.changelog:
        yield f"\n## {version}\n\n{text.strip()}"


def _tell_moved(outcome: Outcome) -> Iterator[str]:
    yield from (f"{was} -> {now}" for was, now in outcome.moved.items())
    for question, answer in outcome.offered.items():
        yield f"--data {question}={answer} renames it in the template's texts, too"


def _list(title: str, items: Iterable[str]) -> Iterator[str]:
    if rows := list(items):
        yield f"\n## {title}\n"
        yield from (f"- {row}" for row in rows)


def _because(conflict: Any) -> str:
    return f"{conflict.path}: {conflict.reason}"


def _spell(answer: Any) -> str:
    return "no answer" if answer is None else json.dumps(answer, ensure_ascii=False, default=str)
