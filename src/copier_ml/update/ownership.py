"""Which files existed before the template was added to the project.

Such a file belongs to the owner: the template's file of the same name was never merged into it, so
later changes of that file do not apply.
"""

from copier_ml.shared.project import ANSWERS_FILE, Project
from copier_ml.shared.sandbox import Sandbox, Tree


def find(project: Project, where: Sandbox, base: Tree, ours: Tree) -> set[str]:
    """Find such files, except those that are now similar to the template's.

    Raises:
        ValueError: A shallow clone lacks the history.
    """
    first, known = _read_before(project, where)
    own = {
        path: entry
        for path, entry in ours.items()
        if entry != base.get(path, entry) and (known is None or project.prefix + path in known)
    }
    # Git's similarity of renamed files also detects two versions of one file.
    found = {
        path
        for path, entry in own.items()
        if not where.find_renames({"theirs": base[path]}, {"ours": entry})
    }
    if found and known is None:
        raise ValueError(
            f"{project.name} is a shallow clone without commits before {first[:7]}, so the origin "
            f"of {', '.join(sorted(found)[:3])} is unknown: run 'git fetch --unshallow'"
        )
    return found


def _read_before(project: Project, where: Sandbox) -> tuple[str, Tree | None]:
    """Return the commit that added the template, and the files before it.

    No files if the project started from the template; None if a shallow clone lacks the history.
    """
    answers = project.prefix + ANSWERS_FILE
    added = project.git.run("log", "--diff-filter=A", "--format=%H", project.head, "--", answers)
    first = added.partition("\n")[0]
    before = f"{first}^"
    if not project.git.attempt("rev-parse", "--verify", "--quiet", before).returncode:
        return first, where.read(before)
    # The commit names its parent even where a shallow clone lacks it.
    has_parent = "\nparent " in project.git.run("cat-file", "commit", first)
    return first, None if has_parent else {}
