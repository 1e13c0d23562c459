"""Whether this machine has what a project needs: Python, driver, GPUs, build, lock and indexes.

``facts.py`` collects, with the modules that it imports; ``project.py`` and ``accelerator.py``
judge. Nothing here knows the template. It imports late, so --help is quick.
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

    return judge(collect(folder, is_trusted=is_trusted))


def judge(facts: "Facts") -> list[Finding]:
    """Judge every subject. Pure: the same facts give the same findings."""
    from . import accelerator, project

    return [*project.judge(facts), *accelerator.judge(facts)]
