"""What an update would do, or did: as data, as text for a terminal or a pull request, as JSON."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from copier_ml.shared.errors import printable

from .merge import Conflict

WORDS = {"A": "new", "D": "gone", "M": "changed", "T": "of another type"}


@dataclass
class Outcome:
    """What an update would do, or did. Paths count from the top of the repository."""

    project: str
    old: str
    new: str
    """Versions of the template."""

    changelog: list[tuple[str, str]] = field(default_factory=list)
    """Versions between the two, the newest first, and what the changelog says of each."""

    changes: list[tuple[str, str]] = field(default_factory=list)
    """Letter and path of each file that is added (A), deleted (D), modified (M) or of another
    type (T)."""

    conflicts: list[Conflict] = field(default_factory=list)
    kept: list[Conflict] = field(default_factory=list)
    """Files that the template changed and the owner had decided on: they stay as they are."""

    lost: list[str] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)
    """Files whose edits are lost with the owner's consent."""

    in_the_way: list[str] = field(default_factory=list)
    """Files that Git does not know, under the names of new ones."""

    new_answers: dict[str, Any] = field(default_factory=dict)
    """Questions that the project had not answered, and the answers taken."""

    changed_answers: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    """Questions whose answer is another one now, with the old answer; None stands for none."""

    moved: dict[str, str] = field(default_factory=dict)
    """Folders of the template that the owner gave another name, with that name."""

    offered: dict[str, str] = field(default_factory=dict)
    """Answers with which the template gives them these names."""

    needs_trust: bool = False
    """Whether the rest is unknown, since the template may not run its code."""

    @property
    def is_nothing(self) -> bool:
        """Whether the project has all of this already."""
        return not (self.changes or self.conflicts or self.lost)

    @property
    def is_refused(self) -> bool:
        """Whether something would be lost."""
        return bool(self.lost or self.in_the_way)


def as_json(outcome: Outcome) -> str:
    """Write all that is known, for programs."""
    return json.dumps(asdict(outcome), indent=2, default=str)


def as_text(outcome: Outcome) -> str:
    """Write all that is known in Markdown that reads well as it is."""
    return printable("\n".join(_write(outcome)))


def _write(outcome: Outcome) -> Iterator[str]:
    if outcome.is_nothing and not outcome.needs_trust:
        yield f"{outcome.project} has all of the template's {outcome.new}; there is nothing to do."
        return
    yield f"{outcome.project}: the template's {outcome.old} becomes {outcome.new}"
    if outcome.needs_trust:
        yield ""
        yield "What that changes takes the template's own code to find out: --trust lets it run."
    yield from _list("Folders that you renamed: the update follows", _tell_moved(outcome))
    yield from _list("Conflicts, to be solved by hand", map(_because, outcome.conflicts))
    yield from _list("Refused, since edits of yours would be lost", outcome.lost)
    yield from _list("Edits of yours that are lost, as you accept", outcome.accepted)
    yield from _list(
        "Refused, since Git does not know these files and would write over them: commit, move or "
        "delete them",
        outcome.in_the_way,
    )
    yield from _list("Stays as it is", map(_because, outcome.kept))
    yield from _list(
        "New questions, with the answers taken (--data QUESTION=ANSWER takes another)",
        (f"{name}: {_spell(answer)}" for name, answer in outcome.new_answers.items()),
    )
    yield from _list(
        "Answers that change",
        (
            f"{name}: {_spell(old)} becomes {_spell(new)}"
            for name, (old, new) in outcome.changed_answers.items()
        ),
    )
    yield from _list("Files", (f"{path} ({WORDS[letter]})" for letter, path in outcome.changes))
    for version, text in outcome.changelog:
        yield f"\n## {version}\n\n{text.strip()}"


def _tell_moved(outcome: Outcome) -> Iterator[str]:
    yield from (f"{was} is {now}" for was, now in outcome.moved.items())
    for question, answer in outcome.offered.items():
        yield f"--data {question}={answer} gives the template's own texts that name, too"


def _list(title: str, items: Iterable[str]) -> Iterator[str]:
    if rows := list(items):
        yield f"\n## {title}\n"
        yield from (f"- {row}" for row in rows)


def _because(conflict: Any) -> str:
    return f"{conflict.path}: {conflict.reason}"


def _spell(answer: Any) -> str:
    return "no answer" if answer is None else json.dumps(answer, ensure_ascii=False, default=str)
