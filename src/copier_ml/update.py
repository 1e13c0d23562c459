"""The verb ``update``: a later version of the template, without losing a line of the owner's."""

import os
import shlex
import shutil
import subprocess
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import landing, project, telling, updating
from .git import own_environment
from .messages import RefusalError, refusing
from .outcome import Outcome
from .preview import add_common_options, read_wish

CLEAN, CONFLICTS = 0, 1


def update(args: Namespace) -> int:
    """Bring a later version of the template into a project."""
    with refusing():
        found = project.find(args.project)
        wish = read_wish(args, found)
        if not wish.is_trusted:
            raise RefusalError(
                f"the template {found.source} is not the one that copier-ml came from, and an "
                "update runs its code; add --trust if you trust it"
            )
        with updating.tried(found, wish) as trial:
            return _land(found, trial, args)


def _land(found: project.Project, trial: updating.Trial, args: Namespace) -> int:
    outcome = trial.outcome
    if outcome.is_nothing:
        print(telling.as_text(outcome))
        return CLEAN
    if outcome.is_refused:
        print(telling.as_text(outcome))
        raise RefusalError(_refusal(outcome))
    if outcome.conflicts or args.check or not args.apply:
        landing.check_branch(found, outcome.new)
    tree = updating.finish(trial, found)
    print(telling.as_text(outcome))
    message = landing.MESSAGE + outcome.new
    if outcome.conflicts:
        assert trial.merge
        landed = (trial.sandbox, trial.merge, tree, outcome.new, message)
        _tell_conflicts(found, outcome, landing.open_conflicts(found, *landed))
        return CONFLICTS
    broken = _check(trial, tree, found) if args.check else ""
    made = landing.commit(found, trial.sandbox, tree, message)
    if args.apply and not broken:
        landing.apply(found, made)
        print(f"\n{found.name} is at the template's {outcome.new} now.")
        return CLEAN
    branch = landing.set_branch(found, outcome.new, made)
    print(f"\nThe update is on the branch {branch}.")
    if broken:
        print(f"'just check' fails there:\n\n{broken}")
        return CONFLICTS
    print(f"Look at it with 'git diff HEAD {branch}', take it with 'git merge {branch}'.")
    return CLEAN


def _refusal(outcome: Outcome) -> str:
    if outcome.in_the_way:
        return (
            f"Git does not know {', '.join(outcome.in_the_way)}, and the update would write over "
            "that: commit, move or delete it (nothing was changed)"
        )
    return (
        f"edits of yours in {', '.join(outcome.lost)} would be lost: undo them, or move them to "
        "another file (nothing was changed)"
    )


def _tell_conflicts(found: project.Project, outcome: Outcome, folder: Path) -> None:
    branch = landing.branch_of(outcome.new)
    here = shlex.quote(str(folder))
    print(
        f"\nNothing of yours was changed. The merge waits in {folder}; to end it:\n"
        f"\n  cd {shlex.quote(str(folder / found.prefix))}"
        "\n  git status                   # solve what it names, and 'git add' it"
        "\n  uv lock && git add uv.lock   # if pyproject.toml was among them"
        f"\n  git commit --no-edit\n  cd {shlex.quote(str(found.root))}\n  git merge {branch}"
        f"\n  git worktree remove --force {here} && git branch -d {branch}"
    )


def _check(trial: updating.Trial, tree: str, found: project.Project) -> str:
    """Run the project's checks on the update; give what they say if they fail, else nothing."""
    uv = os.environ.get("UV") or shutil.which("uv")
    if not uv:
        raise RefusalError(
            "uv is not on PATH, and --check needs it; install it or leave --check out"
        )
    trial.sandbox.checkout(tree)
    trial.sandbox.commit(tree, branch="result")
    trial.sandbox.git.run("symbolic-ref", "HEAD", "refs/heads/result")
    for recipe in ("sync", "check"):
        done = subprocess.run(
            [uv, "run", "--quiet", "just", recipe],
            cwd=trial.sandbox.folder / found.prefix,
            env={name: text for name, text in own_environment().items() if name != "VIRTUAL_ENV"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        if done.returncode:
            return done.stdout
    return ""


def add_options(add: Callable[..., Any]) -> None:
    """Declare the options of the verb."""
    add_common_options(add)
    add("--apply", action="store_true", help="move what is checked out to the update at once")
    add("--check", action="store_true", help="run the project's own checks on the update")
