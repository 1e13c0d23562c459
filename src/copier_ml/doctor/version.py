"""The version of a template that a project's files came from, where the recorded one is gone."""

from collections import Counter

from copier_ml.shared.project import Project
from copier_ml.shared.template import Template

CHANGES = ("--first-parent", "--diff-merges=first-parent", "--root", "--raw", "--no-abbrev")
"""Lists the objects that each commit brought and removed; a template's renames are of no matter."""


def find_nearest(source: Template, project: Project) -> str:
    """Name the oldest version that has the most files of a project; empty if none has any.

    Files without Jinja come out as they are, so their objects tell, and no code runs. A version
    newer than the files would be worse than an older one: updates would never bring what is
    between the two.
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
