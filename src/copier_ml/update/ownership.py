"""Whose a file is: the owner's from the first day on, or also the template's.

A file that the owner had before the project came under the template is theirs: what the template
has under such a name was never merged into it, so no later change of it has a place there.
"""

from collections.abc import Callable

from copier_ml.shared.project import ANSWERS_FILE, Project
from copier_ml.shared.rendering import Rendering
from copier_ml.shared.sandbox import Sandbox

from .merge import Trees


def make_rule(
    new: Rendering, handed: set[str], project: Project, where: Sandbox, sides: Trees
) -> Callable[[str], bool]:
    """Make what tells whether a file is the owner's.

    Args:
        new: The version that the project is updated to.
        handed: Files that the project's own version had handed over.
        project: The project.
        where: Where the update is tried.
        sides: What is merged.
    """
    own = find(project, where, sides)

    def is_owners(path: str) -> bool:
        # What only the new version hands over is merged this once, to fit the modules around it.
        is_handed = path in handed or path not in sides.base
        return path in own or (is_handed and new.is_owners(path))

    return is_owners


def find(project: Project, where: Sandbox, sides: Trees) -> set[str]:
    """Find those that are still the owner's; one that became like the template's is merged."""
    answers = project.prefix + ANSWERS_FILE
    added = project.git.run("log", "--diff-filter=A", "--format=%H", project.head, "--", answers)
    before = f"{added.partition(chr(10))[0]}^"
    if project.git.attempt("rev-parse", "--verify", "--quiet", before).returncode:
        return set()  # It began with the template, or its history is cut.
    known = where.read(before)
    own = {
        path: entry
        for path, entry in sides.ours.items()
        if entry != sides.base.get(path, entry) and project.prefix + path in known
    }
    # Git's measure of a renamed file tells, too, whether two files are one.
    return {
        path
        for path, entry in own.items()
        if not where.find_renames({"theirs": sides.base[path]}, {"ours": entry})
    }
