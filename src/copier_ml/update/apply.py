"""Apply an update to the current branch, or open its conflicts in a worktree."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from copier_ml.shared import branch
from copier_ml.shared.errors import RefusalError, describe
from copier_ml.shared.git import Git, GitError, check_disk, configured
from copier_ml.shared.project import Project
from copier_ml.shared.sandbox import Sandbox

from .merge import Merge

PLAIN = ("--no-autostash", "--no-squash", "--no-verify-signatures")
"""Overrides of a user's configuration that would touch uncommitted files or stop the merge."""


def fast_forward(project: Project, made: str) -> None:
    """Fast-forward the current branch to the update's commit; uncommitted changes stay.

    Raises:
        RefusalError: The update changes a file with uncommitted changes; or the disk is full, and
            Git stopped halfway.
    """
    # With the user's configuration, which decides on line endings.
    done = subprocess.run(
        ["git", "merge", "--ff-only", "--quiet", *PLAIN, made],
        cwd=project.root,
        env=configured({"core.hooksPath": os.devnull}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        start_new_session=True,  # A closed terminal must not interrupt a checkout.
    )
    try:
        check_disk(done, project.root)
    except GitError as error:
        text = f"{describe(error)}; 'git status' shows which files were written"
        raise RefusalError(text) from error
    if done.returncode:
        stderr = done.stderr.decode("utf-8", "replace")
        reason = " ".join(stderr.split()).removeprefix("error: ").removesuffix(" Aborting")
        raise RefusalError(f"{reason} (nothing was changed)")


def open_conflicts(
    project: Project, sandbox: Sandbox, merge: Merge, tree: str, version: str, message: str
) -> Path:
    """Create a worktree on the update's branch with the unfinished merge; return its folder.

    As with any merge, ``git add`` and ``git commit`` finish it.
    """
    branch.receive(project, sandbox, tree, "result", *sandbox.branches())
    folder = branch.worktrees() / f"{project.name}-{version}"
    if folder.exists():
        folder = Path(tempfile.mkdtemp(prefix=f"{folder.name}-", dir=folder.parent))
    try:
        alone = ("--quiet", "--no-checkout", "--detach")
        project.git.apart().run("worktree", "add", *alone, str(folder), project.head)
        git = Git(folder)
        git.run("read-tree", "--reset", "-u", tree)
        _mark(git, merge)
        file = git.run("rev-parse", "--path-format=absolute", "--git-path", "MERGE_MSG")
        Path(file).write_text(f"{message}\n", encoding="utf-8")
        name = branch.set_branch(project, version, project.head)
        git.apart().run("symbolic-ref", "HEAD", f"refs/heads/{name}")
    except BaseException:
        project.git.attempt("worktree", "remove", "--force", str(folder))
        shutil.rmtree(folder, ignore_errors=True)
        project.git.attempt("worktree", "prune")
        raise
    return folder


def _mark(git: Git, merge: Merge) -> None:
    """Write the sides of each conflict to the index, so that Git reports them as unmerged."""
    paths = {line.partition("\t")[2] for line in merge.stages}
    null = "0" * len(git.run("rev-parse", "HEAD"))
    gone = [f"0 {null}\t{path}" for path in paths]
    lines = "".join(f"{line}\0" for line in [*gone, *merge.stages])
    git.run("update-index", "-z", "--index-info", stdin=lines)
