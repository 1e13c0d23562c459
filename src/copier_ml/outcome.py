"""What an update would do, or did."""

from dataclasses import dataclass, field
from typing import Any

from .conflicts import Conflict


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
    in_the_way: list[str] = field(default_factory=list)
    """Files that Git does not know, under the names of new ones."""

    new_answers: dict[str, Any] = field(default_factory=dict)
    """Questions that the project had not answered, and the answers taken."""

    changed_answers: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    """Questions whose answer is another one now, with the old answer; None stands for none."""

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
