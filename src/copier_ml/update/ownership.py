"""Which files were there before the project came under the template.

A file that the owner had before the project came under the template is theirs: what the template
has under such a name was never merged into it, so no later change of it has a place there.
"""

from copier_ml.shared.project import ANSWERS_FILE, Project
from copier_ml.shared.sandbox import Sandbox, Tree


def find(project: Project, where: Sandbox, base: Tree, ours: Tree) -> set[str]:
    """Find those that are still the owner's; one that became like the template's is merged.

    Raises:
        ValueError: The repository is a shallow clone that does not tell.
    """
    first, known = _read_before(project, where)
    own = {
        path: entry
        for path, entry in ours.items()
        if entry != base.get(path, entry) and (known is None or project.prefix + path in known)
    }
    # Git's measure of a renamed file tells, too, whether two files are one.
    found = {
        path
        for path, entry in own.items()
        if not where.find_renames({"theirs": base[path]}, {"ours": entry})
    }
    if found and known is None:
        raise ValueError(
            f"the history of {project.name} is cut at {first[:7]}, so it does not tell whether "
            f"{', '.join(sorted(found)[:3])} was there before the template: run 'git fetch "
            "--unshallow' first"
        )
    return found


def _read_before(project: Project, where: Sandbox) -> tuple[str, Tree | None]:
    """Give the commit with which the project came under the template, and what there was before it.

    Nothing, if it began with the template; None, if a shallow clone does not tell.
    """
    answers = project.prefix + ANSWERS_FILE
    added = project.git.run("log", "--diff-filter=A", "--format=%H", project.head, "--", answers)
    first = added.partition("\n")[0]
    before = f"{first}^"
    if not project.git.attempt("rev-parse", "--verify", "--quiet", before).returncode:
        return first, where.read(before)
    # The commit itself names its parent, also where a shallow clone has none.
    has_parent = "\nparent " in project.git.run("cat-file", "commit", first)
    return first, None if has_parent else {}
