"""The command ``update``: merge a newer template version without losing the owner's edits."""

import shlex
from argparse import Namespace
from pathlib import Path
from typing import Any

from copier_ml.shared import branch, consent, options, project, uv
from copier_ml.shared.errors import RefusalError, refusing
from copier_ml.shared.progress import Progress, say

from . import apply, trial
from .outcome import Outcome, as_text
from .sides import Wish

CLEAN, CONFLICTS = 0, 1


def run(args: Namespace) -> int:
    """Update a project to a newer version of the template."""
    progress = Progress()
    with refusing(), progress.reported():
        found = project.find(args.project)
        with trial.tried(found, read_wish(args)) as tried:
            return _land(found, tried, args, progress)


def _land(found: project.Project, tried: trial.Trial, args: Namespace, progress: Progress) -> int:
    outcome = tried.outcome
    if outcome.needs_trust:
        raise RefusalError(
            f"an update runs code of the third-party template {found.source}; add --trust if you "
            "trust it"
        )
    if outcome.is_nothing:
        print(as_text(outcome))
        return CLEAN
    if outcome.is_refused:
        print(as_text(outcome))
        raise RefusalError(_refusal(outcome))
    if outcome.conflicts or args.check or not args.apply:
        branch.check_branch(found, outcome.new)
    may_run = _may_run(found, tried, args)
    tree = trial.finish(tried, found, locks=may_run)
    print(as_text(outcome))
    if not may_run:
        print(
            "\nuv.lock was not updated, because locking may run code of the project. If you trust "
            "the project, run 'uv lock', or update with --trust."
        )
    if outcome.conflicts:
        return _land_conflicts(found, tried, tree, progress)
    return _land_clean(found, tried, tree, args, progress)


def _land_conflicts(
    found: project.Project, tried: trial.Trial, tree: str, progress: Progress
) -> int:
    assert tried.merge
    version = tried.outcome.new
    made = (tried.sandbox, tried.merge, tree, version, branch.MESSAGE + version)
    with progress.uninterrupted():
        folder = apply.open_conflicts(found, *made)
        progress.reached = f"the unfinished merge is in {folder}"
    _tell_conflicts(found, tried.outcome, folder)
    return CONFLICTS


def _land_clean(
    found: project.Project, tried: trial.Trial, tree: str, args: Namespace, progress: Progress
) -> int:
    version = tried.outcome.new
    broken = _check(tried, tree, found) if args.check else ""
    made = branch.commit(found, tried.sandbox, tree, branch.MESSAGE + version)
    if args.apply and not broken:
        with progress.uninterrupted():
            apply.fast_forward(found, made)
            progress.reached = "the update was applied"
        print(f"\nUpdated {found.name} to template {version}.")
        print(f"Next: {uv.in_shell()} run just sync")
        return CLEAN
    with progress.uninterrupted():
        name = branch.set_branch(found, version, made)
        progress.reached = f"the update is on the branch {name}"
    print(f"\nThe update is on the branch {name}.")
    if broken:
        print(f"'just check' fails on it:\n\n{broken}")
        return CONFLICTS
    print(f"Next: review it with 'git diff HEAD {name}', then run 'git merge {name}'.")
    return CLEAN


def _may_run(found: project.Project, tried: trial.Trial, args: Namespace) -> bool:
    """Check whether the project may run code, if locking or --check needs to."""
    assert tried.merge
    has_lock = f"{found.prefix}uv.lock" in tried.sandbox.read(tried.merge.tree)
    if not (has_lock or args.check):
        return True
    may_run = consent.may_run(found.folder, is_trusted=args.trust)
    if args.check and not may_run:
        raise RefusalError(
            f"--check runs code of {found.name}; add --trust if you trust the project"
        )
    return may_run


def _refusal(outcome: Outcome) -> str:
    if outcome.in_the_way:
        return (
            f"the update would overwrite untracked files: {', '.join(outcome.in_the_way)}; commit, "
            "move or delete them (nothing was changed)"
        )
    options = " ".join(f"--accept-loss {shlex.quote(path)}" for path in outcome.lost)
    return (
        f"your edits in {', '.join(outcome.lost)} would be lost: move them to another file, or "
        f"accept the loss with {options} (nothing was changed)"
    )


def _tell_conflicts(found: project.Project, outcome: Outcome, folder: Path) -> None:
    name = branch.branch_of(found, outcome.new)
    here = shlex.quote(str(folder))
    print(
        f"\nYour files were not changed. The merge with conflicts is in {folder}. To finish it:\n"
        f"\n  cd {shlex.quote(str(folder / found.prefix))}"
        "\n  git status                   # resolve the conflicts, then 'git add' the files"
        "\n  uv lock && git add uv.lock   # if pyproject.toml had conflicts"
        f"\n  git commit --no-edit\n  cd {shlex.quote(str(found.root))}\n  git merge {name}"
        f"\n  git worktree remove --force {here} && git branch -d {name}"
    )


def _check(tried: trial.Trial, tree: str, found: project.Project) -> str:
    """Run the project's checks on the update; return their output if they fail."""
    program = uv.find()
    if not program:
        raise RefusalError("uv is not on PATH, and --check needs it; install uv or omit --check")
    tried.sandbox.checkout(tree)
    tried.sandbox.commit(tree, branch="result")
    tried.sandbox.git.run("symbolic-ref", "HEAD", "refs/heads/result")
    for recipe in ("sync", "check"):
        say(f"Running 'just {recipe}' on the update")
        folder = tried.sandbox.folder / found.prefix
        done = uv.run(program, "run", "--quiet", "just", recipe, folder=folder)
        if done.returncode:
            return done.stdout
    return ""


def read_wish(args: Namespace) -> Wish:
    """Read the options shared by ``update`` and ``preview``."""
    return Wish(args.to, dict(args.data), args.trust, args.accept_loss, args.restore)


def add_common_options(add: options.Add) -> None:
    """Declare the options shared by ``update`` and ``preview``."""
    options.add_project(add)
    add("--to", metavar="VERSION", help="template version (default: the newest release)")
    options.add_data(add, "change an answer; a list is KEY=[a, b]; repeatable")
    paths: dict[str, Any] = {"metavar": "PATH", "action": "append", "default": []}
    add("--restore", **paths, help="restore a file or folder that you deleted; repeatable")
    add("--accept-loss", **paths, help="allow the loss of edits in this file; repeatable")


def add_options(add: options.Add) -> None:
    """Declare the options."""
    add_common_options(add)
    options.add_trust(add, "allow a third-party template to run code, and uv to lock the project")
    add("--apply", action="store_true", help="fast-forward the current branch to the update")
    add("--check", action="store_true", help="run the project's checks on the update")
