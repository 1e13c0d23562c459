"""The branch that an update or an adoption ends on, in the project's repository."""

import os
import re
import shlex
import tempfile
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Any

from .errors import RefusalError
from .git import Git
from .project import Project
from .sandbox import Sandbox

MESSAGE = "build: update the template to "
"""How the message of an update begins; where it had conflicts, it has no trailer."""

TRAILER = "Template-Result"
"""Last line of an update's commit, with its tree: a branch that still has it holds nothing else."""


def branch_of(project: Project, version: str) -> str:
    """Name the branch of an update to a version; each project of a repository has its own."""
    return f"template/{name_folder(project.prefix)}{version}"


def name_folder(prefix: str) -> str:
    """Write a folder as Git takes it in the name of a branch. Pure.

    Args:
        prefix: Path of a project in its repository, empty or with ``/`` at its end.
    """
    plain = re.sub(r"[^\w/-]+", "-", prefix)
    if plain == prefix:
        return prefix
    # Two folders may look alike without what Git refuses.
    return f"{plain.rstrip('/')}-{sha256(os.fsencode(prefix)).hexdigest()[:6]}/"


def check_branch(project: Project, version: str) -> None:
    """Refuse a branch that holds work of the owner's, which an update would move away.

    Raises:
        RefusalError: It does, or somebody has it checked out.
    """
    git, branch = project.git, branch_of(project, version)
    reference = f"refs/heads/{branch}"
    if git.attempt("rev-parse", "--verify", "--quiet", reference).returncode:
        _check_name(git, branch)
        return
    for block in git.run("worktree", "list", "--porcelain").split("\n\n"):
        if f"branch {reference}" in block.splitlines():
            path = block.splitlines()[0].removeprefix("worktree ")
            raise RefusalError(f"{path} is at the branch {branch}: {_advise(path, branch)}")
    logged = git.run("log", "-1", f"--format=%T %(trailers:key={TRAILER},valueonly)", reference)
    is_merged = not git.attempt("merge-base", "--is-ancestor", reference, project.head).returncode
    tree, *trailer = logged.split()
    if not is_merged and trailer != [tree]:
        raise RefusalError(
            f"the branch {branch} holds commits of yours: merge it, or drop it with "
            f"'git branch -D {branch}'"
        )


def _advise(path: str, branch: str) -> str:
    """Say what to do about a worktree; only one of ours may be dropped with what is in it."""
    if Path(path).resolve().parent != worktrees().resolve():
        return "switch to another one there, with 'git switch'"
    here = shlex.quote(path)
    return (
        f"end that update there, or drop it with 'git worktree remove --force {here}' and "
        f"'git branch -D {branch}'"
    )


def _check_name(git: Git, branch: str) -> None:
    """Refuse a branch whose name another one is in the way of: Git keeps them in folders."""
    *folders, _ = PurePosixPath(branch).parents
    wanted = [f"refs/heads/{name}" for name in (*map(str, folders), f"{branch}/")]
    taken = git.run("for-each-ref", "--format=%(refname:short)", *wanted).split()
    # A folder is a pattern for all that is in it, too.
    if found := [name for name in taken if name in map(str, folders) or f"{branch}/" in name]:
        raise RefusalError(
            f"the branch {found[0]} is in the way of {branch}: 'git branch -m {found[0]} NAME' "
            "gives it another name"
        )


def commit(project: Project, sandbox: Sandbox, tree: str, message: str, *branches: str) -> str:
    """Commit a tree of the sandbox on top of the project's commit; no branch has it yet.

    What ``branches`` of the sandbox hold comes along.
    """
    receive(project, sandbox, tree, "result", *branches)
    text = f"{message}\n\n{TRAILER}: {tree}\n"
    return _as_somebody(project).run("commit-tree", tree, "-p", project.head, "-F", "-", stdin=text)


def receive(project: Project, sandbox: Sandbox, tree: str, *branches: str) -> None:
    """Copy objects out of the sandbox; no name in the project's repository points at them."""
    sandbox.commit(tree, branch="result")
    # Not from a shallow repository to another: these commits have no parents in either.
    project.git.run(
        "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules",
        "--update-shallow", str(sandbox.folder), *branches
    )  # fmt: skip


def _as_somebody(project: Project) -> Git:
    """Give Git an identity where it has none, as on a new machine."""
    answers = project.answers
    variables = {}
    if project.git.attempt(
        "-c", "user.useConfigOnly=true", "var", "GIT_COMMITTER_IDENT"
    ).returncode:
        for role in ("AUTHOR", "COMMITTER"):
            variables[f"GIT_{role}_NAME"] = str(answers.get("author_name") or "copier-ml")
            email = answers.get("author_email") or "copier-ml@localhost"
            variables[f"GIT_{role}_EMAIL"] = str(email)
    return Git(project.root, variables)


def set_branch(project: Project, version: str, made: str) -> str:
    """Point the update's branch at its commit, and return the branch's name.

    Raises:
        RefusalError: As ``check_branch``: somebody may have used the branch in the meantime.
    """
    check_branch(project, version)
    branch = branch_of(project, version)
    project.git.apart().run("update-ref", "-m", "copier-ml update", f"refs/heads/{branch}", made)
    return branch


def worktrees() -> Path:
    """Find a folder that outlasts a restart of the machine; not every machine has one."""
    from platformdirs import user_cache_path

    wanted: Any = user_cache_path("copier-ml") / "updates"
    try:
        wanted.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=wanted):
            return Path(wanted)
    except OSError:
        return Path(tempfile.gettempdir())
