"""Find unfinished updates in a repository, without the template."""

import os
import re
import shlex
from collections.abc import Iterator

from copier_ml.shared.git import Git
from copier_ml.shared.project import Project

from .findings import Report

OURS = re.compile(r"template/(.+/)?(adopt-)?(v?\d.*|[0-9a-f]{7,40})")
"""Branches that copier-ml creates; the owner may have others below ``template/``."""


def look(project: Project, report: Report) -> None:
    """Report conflict markers, rejected hunks and unfinished branches."""
    for path in _find_marked(project):
        report.add(
            path,
            "it has conflict markers",
            "a finished merge",
            "resolve the conflicts and commit",
        )
    for path in _find_rejected(project):
        report.add(
            path,
            "plain Copier wrote changes to it that it could not merge",
            "no such file",
            f"apply the changes to {path.rpartition('.')[0]} and delete this file",
        )
    _find_branches(project, report)


def _find_marked(project: Project) -> list[str]:
    sides = ("-e", "^<<<<<<< ", "-e", "^>>>>>>> ")
    wanted = ("grep", "-l", "-z", "-I", "--untracked", "--all-match", *sides)
    output = Git(project.folder).attempt(*wanted).stdout
    return [path for path in output.decode("utf-8", "surrogateescape").split("\0") if path]


def _find_rejected(project: Project) -> list[str]:
    """Find rejected hunks, including ignored files."""
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
        expected = "a finished update"
        if folder:
            path = shlex.quote(folder)
            first = "git worktree prune" if is_gone else f"git worktree remove --force {path}"
            report.add(
                branch,
                f"an unfinished update in {folder}" + (", which was deleted" if is_gone else ""),
                expected,
                ("" if is_gone else "finish it there, or delete it: ")
                + f"run '{first}' and 'git branch -D {branch}'",
            )
        elif git.attempt(*merged).returncode:
            remedy = f"run 'git merge {branch}', or delete it with 'git branch -D {branch}'"
            report.add(branch, "an update that is not merged", expected, remedy)
        else:
            report.notes.append(f"{branch} is merged; delete it with 'git branch -d {branch}'")


def _list_worktrees(git: Git) -> Iterator[tuple[str, tuple[str, bool]]]:
    """Yield each checked-out branch with its worktree, and whether that was deleted."""
    for block in git.run("worktree", "list", "--porcelain").split("\n\n"):
        facts = dict(line.partition(" ")[::2] for line in block.splitlines())
        branch = facts.get("branch", "").removeprefix("refs/heads/")
        yield branch, (facts["worktree"], "prunable" in facts)
