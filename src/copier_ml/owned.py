"""Files that the owner had before the project came under the template.

What the template has under such a name was never merged into it, so no later change of it has a
place there.
"""

from collections.abc import Callable

from .merging import Trees, find_renames
from .project import ANSWERS_FILE, Project
from .sandbox import Sandbox


def extend(
    is_owners: Callable[[str], bool], project: Project, where: Sandbox, sides: Trees
) -> Callable[[str], bool]:
    """Count these files among those that are the owner's from the first day on."""
    own = find(project, where, sides)
    return lambda path: path in own or is_owners(path)


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
        if not find_renames(where, {"theirs": sides.base[path]}, {"ours": entry})
    }
