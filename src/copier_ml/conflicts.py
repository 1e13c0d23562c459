"""What an owner has to decide on after a merge, and why."""

from collections.abc import Sequence
from dataclasses import dataclass

from .sandbox import Sandbox

OURS = "your-project"
"""What the markers of a conflict call the owner's side."""

SUBMODULE = "160000"


@dataclass(frozen=True)
class Conflict:
    """A file that the owner has to decide on."""

    path: str
    reason: str


def read_conflicts(
    sandbox: Sandbox, stages: Sequence[str], messages: Sequence[str]
) -> list[Conflict]:
    """Say a reason for each file in conflict, from the sides that have it."""
    sides: dict[str, dict[str, str]] = {}
    for line in stages:
        facts, _, path = line.partition("\t")
        mode, blob, stage = facts.split()
        sides.setdefault(path, {})[stage] = blob if mode != SUBMODULE else ""
    found = [Conflict(path, _reason(sandbox, path, sides[path])) for path in sides]
    # Git tells about a folder's name without a file in conflict.
    for kind, text in _read_messages(messages):
        if kind.startswith("CONFLICT (directory rename"):
            found.append(Conflict(text.split(": ", 1)[-1].strip(), "a folder was renamed"))
    return found


def _read_messages(items: Sequence[str]) -> list[tuple[str, str]]:
    """Read pairs of kind and text: ``<count> <path>... <kind> <text>``."""
    found = []
    rest = list(items)
    while rest and rest[0].isdigit():
        count = int(rest[0])
        found.append((rest[count + 1], rest[count + 2]))
        rest = rest[count + 3 :]
    return found


def _reason(sandbox: Sandbox, path: str, sides: dict[str, str]) -> str:
    texts = sandbox.fetch(filter(None, sides.values())).values()
    if {"2", "3"} <= sides.keys() and any(b"\0" in text for text in texts):
        return "a binary file that both of you changed: yours is kept"
    match "".join(sorted(sides)):
        case "12":
            return "you changed it, the template deleted it or gave it another name"
        case "13":
            return "you deleted it or gave it another name, the template changed it"
        case "23":
            return "both of you made a file of this name"
        case "123":
            return "both of you changed the same lines"
        case "2" if path.endswith(f"~{OURS}"):
            return "a file of yours, whose name is a folder of the template's"
        case "3" if "~template-" in path:
            return "a file of the template's, whose name is a folder of yours"
        case _:
            return "both of you gave it another name"
