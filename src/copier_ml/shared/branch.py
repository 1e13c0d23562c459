"""The branch with the result of an update or an adoption."""

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
"""Start of an update's commit message; after conflicts, it has no trailer."""

TRAILER = "Template-Result"
"""Last line of an update's commit, with its tree: proves that the branch is unchanged."""


def branch_of(project: Project, version: str) -> str:
    """Return the branch of an update; each project of a repository has its own."""
    return f"template/{name_folder(project.prefix)}{version}"


def name_folder(prefix: str) -> str:
    """Turn a folder into a valid part of a branch name. Pure.

    Args:
        prefix: Path of a project in its repository, empty or with a trailing ``/``.
    """
    plain = re.sub(r"[^\w/-]+", "-", prefix)
    if plain == prefix:
        return prefix
    # Two folders may be the same without the characters that Git refuses.
    return f"{plain.rstrip('/')}-{sha256(os.fsencode(prefix)).hexdigest()[:6]}/"


def check_branch(project: Project, version: str) -> None:
    """Refuse to move a branch that has commits of the owner.

    Raises:
        RefusalError: It has, or it is checked out.
    """
    git, branch = project.git, branch_of(project, version)
    reference = f"refs/heads/{branch}"
    if git.attempt("rev-parse", "--verify", "--quiet", reference).returncode:
        _check_name(git, branch)
        return
    for block in git.run("worktree", "list", "--porcelain").split("\n\n"):
        if f"branch {reference}" in block.splitlines():
            path = block.splitlines()[0].removeprefix("worktree ")
            raise RefusalError(f"{branch} is checked out in {path}: {_advise(path, branch)}")
    logged = git.run("log", "-1", f"--format=%T %(trailers:key={TRAILER},valueonly)", reference)
    is_merged = not git.attempt("merge-base", "--is-ancestor", reference, project.head).returncode
    tree, *trailer = logged.split()
    if not is_merged and trailer != [tree]:
        raise RefusalError(
            f"the branch {branch} has commits of yours: merge it, or delete it with "
            f"'git branch -D {branch}'"
        )


def _advise(path: str, branch: str) -> str:
    """Return the fix for a worktree; only one that copier-ml created may be deleted."""
    if Path(path).resolve().parent != worktrees().resolve():
        return "switch to another branch there with 'git switch'"
    here = shlex.quote(path)
    return (
        f"finish that update there, or delete it with 'git worktree remove --force {here}' and "
        f"'git branch -D {branch}'"
    )


def _check_name(git: Git, branch: str) -> None:
    """Refuse a name that conflicts with another branch: Git stores branches as files in folders."""
    *folders, _ = PurePosixPath(branch).parents
    wanted = [f"refs/heads/{name}" for name in (*map(str, folders), f"{branch}/")]
    taken = git.run("for-each-ref", "--format=%(refname:short)", *wanted).split()
    # A folder also matches everything below it.
    if found := [name for name in taken if name in map(str, folders) or f"{branch}/" in name]:
        raise RefusalError(
            f"the branch {found[0]} prevents {branch}: rename it with 'git branch -m {found[0]} "
            "NAME'"
        )


def commit(project: Project, sandbox: Sandbox, tree: str, message: str, *branches: str) -> str:
    """Commit a tree of the sandbox on top of the project's commit, on no branch yet.

    The objects of ``branches`` are copied, too.
    """
    receive(project, sandbox, tree, "result", *branches)
    text = f"{message}\n\n{TRAILER}: {tree}\n"
    return _with_identity(project).run(
        "commit-tree", tree, "-p", project.head, "-F", "-", stdin=text
    )


def receive(project: Project, sandbox: Sandbox, tree: str, *branches: str) -> None:
    """Copy objects from the sandbox, without a reference to them."""
    sandbox.commit(tree, branch="result")
    # --update-shallow: the sandbox's commits have no parents.
    project.git.run(
        "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules",
        "--update-shallow", str(sandbox.folder), *branches
    )  # fmt: skip


def _with_identity(project: Project) -> Git:
    """Return Git with the author of the answers if it has no identity."""
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
    """Point the update's branch at its commit and return the branch's name.

    Raises:
        RefusalError: As ``check_branch``: the branch may have changed in the meantime.
    """
    check_branch(project, version)
    branch = branch_of(project, version)
    project.git.apart().run("update-ref", "-m", "copier-ml update", f"refs/heads/{branch}", made)
    return branch


def worktrees() -> Path:
    """Return the user's cache folder for worktrees, or the temporary folder if not writable."""
    from platformdirs import user_cache_path

    wanted: Any = user_cache_path("copier-ml") / "updates"
    try:
        wanted.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=wanted):
            return Path(wanted)
    except OSError:
        return Path(tempfile.gettempdir())
