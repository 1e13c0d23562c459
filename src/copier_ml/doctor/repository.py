"""Unfinished updates in a repository, and its lock file. None of it needs the template."""

import os
import re
import shlex
from collections.abc import Iterator

from copier_ml.shared.git import Git
from copier_ml.shared.project import Project

from .findings import Report

OURS = re.compile(r"template/(.+/)?(adopt-)?(v?\d.*|[0-9a-f]{7,40})")
"""Branches that copier-ml makes; the owner may have others below ``template/``."""


def look(project: Project, report: Report) -> None:
    """Look for all of it."""
    for path in _find_marked(project):
        report.add(
            path,
            "it has the markers of a conflict",
            "a merge that was brought to its end",
            "choose between the sides of each marker, and commit",
        )
    for path in _find_rejected(project):
        report.add(
            path,
            "plain Copier left it beside the file, with what it could not merge",
            "no such file",
            f"put into {path.rpartition('.')[0]} what is missing there, and delete this one",
        )
    _find_branches(project, report)


def _find_marked(project: Project) -> list[str]:
    sides = ("-e", "^<<<<<<< ", "-e", "^>>>>>>> ")
    wanted = ("grep", "-l", "-z", "-I", "--untracked", "--all-match", *sides)
    output = Git(project.folder).attempt(*wanted).stdout
    return [path for path in output.decode("utf-8", "surrogateescape").split("\0") if path]


def _find_rejected(project: Project) -> list[str]:
    """Find what an ignore rule hides, too: a look beside each file is quick."""
    git = Git(project.folder)
    found = git.lines("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", ".")
    suffixes = (".rej", ".orig")
    beside = (path + suffix for path in found for suffix in suffixes)
    names = {path for path in beside if os.path.lexists(project.folder / path)}
    return sorted(names | {path for path in found if path.endswith(suffixes)})


def _find_branches(project: Project, report: Report) -> None:
    git = project.git
    worktrees = dict(_list_worktrees(git))
    for branch in git.run("for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads").split():
        if not OURS.fullmatch(branch):
            continue
        folder, is_gone = worktrees.get(branch, ("", False))
        merged = ("merge-base", "--is-ancestor", f"refs/heads/{branch}", project.head)
        expected = "an update that was brought to its end"
        if folder:
            path = shlex.quote(folder)
            first = "git worktree prune" if is_gone else f"git worktree remove --force {path}"
            report.add(
                branch,
                f"an update was begun in {folder}" + (", which is gone" if is_gone else ""),
                expected,
                ("" if is_gone else "end it there, or drop it: ")
                + f"'{first}' and 'git branch -D {branch}'",
            )
        elif git.attempt(*merged).returncode:
            remedy = f"'git merge {branch}' takes it, 'git branch -D {branch}' drops it"
            report.add(branch, "an update that is not merged", expected, remedy)
        else:
            report.notes.append(f"{branch} is merged; 'git branch -d {branch}' drops it")


def _list_worktrees(git: Git) -> Iterator[tuple[str, tuple[str, bool]]]:
    """Tell for each branch that is checked out somewhere, where, and whether that is gone."""
    for block in git.run("worktree", "list", "--porcelain").split("\n\n"):
        facts = dict(line.partition(" ")[::2] for line in block.splitlines())
        branch = facts.get("branch", "").removeprefix("refs/heads/")
        yield branch, (facts["worktree"], "prunable" in facts)
