"""Find the template version that a project's files match, if the recorded one was deleted."""

from collections import Counter

from copier_ml.shared.project import Project
from copier_ml.shared.template import Template

CHANGES = ("--first-parent", "--diff-merges=first-parent", "--root", "--raw", "--no-abbrev")
"""Lists the objects that each commit added and removed."""


def find_nearest(source: Template, project: Project) -> str:
    """Return the oldest version with the most files of a project; empty if none has any.

    Files without Jinja are rendered unchanged, so comparing their hashes runs no code. The version
    must not be newer than the files: updates would skip the changes between the two.
    """
    tree = f"{project.head}:{project.prefix}"
    mine = {line.split()[2] for line in project.git.lines("ls-tree", "-r", "-z", tree)}
    logged = source.git.run("log", "--reverse", "--no-renames", "--format=%H", *CHANGES, "HEAD")
    present: Counter[str] = Counter()
    best, most, commit = "", 0, ""
    for line in [*filter(None, logged.split("\n")), ""]:
        if line.startswith(":"):
            _, _, old, new, *_ = line.split()
            present[old] -= 1
            present[new] += 1
            continue
        found = sum(present[blob] > 0 for blob in mine)
        if found > most:
            best, most = commit, found
        commit = line
    return source.describe(best) if best else ""
