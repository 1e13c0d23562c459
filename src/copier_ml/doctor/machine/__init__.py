"""Check this machine against a project: Python, driver, GPUs, wheels, lockfile and indexes.

``facts.py`` collects facts, ``project.py`` and ``accelerator.py`` evaluate them. Nothing here knows
the template. Imports are late, so that --help is fast.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from .finding import Finding

if TYPE_CHECKING:
    from .facts import Facts


def examine(folder: Path, *, is_trusted: bool) -> list[Finding]:
    """Examine the machine for the project in a folder.

    Args:
        folder: Folder of the project's pyproject.toml.
        is_trusted: Whether code of the project may run: its environment's Python, and uv, which
            may run a build backend.
    """
    from .facts import collect

    return evaluate(collect(folder, is_trusted=is_trusted))


def evaluate(facts: "Facts") -> list[Finding]:
    """Evaluate every subject. Pure."""
    from . import accelerator, project

    return [*project.evaluate(facts), *accelerator.evaluate(facts)]
