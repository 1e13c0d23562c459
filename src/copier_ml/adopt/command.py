"""The command ``adopt``: bring a repository under the template, and keep every file it has."""

import json
import re
import shlex
import sys
from argparse import Namespace
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from copier_ml.shared import branch, options, project, source, trust
from copier_ml.shared.errors import RefusalError, printable, refusing

from . import guesses, trial
from .evidence import Guess

REFERENCE = "copier-ml/{version}"
"""Name below ``refs/`` of all that the template has: no branch, so no push takes it along."""


def run(args: Namespace) -> None:
    """Bring an existing repository under the template, on a branch."""
    with refusing():
        found = project.locate(args.project)
        _check_is_new(found)
        chosen = source.chosen(args.template, args.vcs_ref)
        url = source.clone_url(chosen.address, found.folder)
        if not (args.trust or trust.is_trusted(url)):
            raise RefusalError(
                f"the template {chosen.address} is not the one that copier-ml came from, and its "
                "code runs to render it; add --trust if you trust it"
            )
        guessed = guesses.guess(found)
        data = dict(args.data)
        if not args.yes:
            print(printable("\n".join(_tell_guesses(guessed, data))))
            if not sys.stdin.isatty():
                raise RefusalError(
                    "there is no terminal to correct these guesses on; take them with --yes, and "
                    "correct them with --data QUESTION=ANSWER"
                )
        with trial.tried(found, chosen, guessed, data, asks=not args.yes) as (adoption, where):
            _land(found, adoption, where)
        default = "the default" if args.yes else "your answer"
        origins = {
            name: "given" if name in data else _origin(answer, guessed.get(name)) or default
            for name, answer in adoption.answers.items()
        }
        print(printable("\n".join(_tell(found, adoption, origins))))


def _check_is_new(found: project.Project) -> None:
    spelled = found.prefix + project.ANSWERS_FILE
    is_committed = found.git.run("ls-tree", "--name-only", "--full-tree", found.head, "--", spelled)
    if is_committed or (found.folder / project.ANSWERS_FILE).exists():
        raise RefusalError(
            f"{found.folder} has a {project.ANSWERS_FILE}, so it is under a template already; "
            "'copier-ml update' brings its later versions"
        )


def _land(found: project.Project, adoption: trial.Adoption, where: Any) -> None:
    name = f"adopt-{adoption.version}"
    branch.check_branch(found, name)
    # The author, if Git knows none.
    owned = project.Project(found.root, found.prefix, found.head, adoption.answers)
    message = f"build: come under the template's {adoption.version}"
    made = branch.commit(owned, where, adoption.tree, message, trial.THEIRS)
    reference = f"refs/{REFERENCE.format(version=adoption.version)}"
    found.git.run("update-ref", reference, adoption.theirs)
    branch.set_branch(found, name, made)


def _tell_guesses(guessed: Mapping[str, Guess], data: Mapping[str, Any]) -> Iterator[str]:
    yield "Guesses, and where they come from:\n"
    for name, guess in guessed.items():
        if name not in data:
            yield f"- {name}: {_spell(guess.value)} ({guess.origin})"
    yield ""


def _tell(
    found: project.Project, adoption: trial.Adoption, origins: Mapping[str, str]
) -> Iterator[str]:
    name = branch.branch_of(f"adopt-{adoption.version}")
    theirs = REFERENCE.format(version=adoption.version)
    yield f"{found.name} comes under the template's {adoption.version}."
    yield "\n## Answers, and where they come from\n"
    yield from (
        f"- {name}: {_spell(answer)} ({origins[name]})" for name, answer in adoption.answers.items()
    )
    yield f"\n## New files: {len(adoption.added)}\n"
    start = len(found.prefix)
    tops = Counter(re.sub(r"(?<=/).*", "", path[start:]) for path in adoption.added)
    yield from (f"- {top}" + f" ({count})" * top.endswith("/") for top, count in tops.items())
    if adoption.kept:
        yield "\n## Yours stay as they are\n"
        yield from (f"- {path}: {reason}" for path, reason in adoption.kept.items())
        example = shlex.quote(next(iter(adoption.kept)))
        yield f"\nThe template's are in {theirs}. Compare, and take what you like, file by file:"
        yield f"\n  git diff HEAD {theirs} -- {example}"
        yield f"  git checkout --patch {theirs} -- {example}"
    yield "\n## How to go on\n"
    yield f"Nothing that is checked out was changed. The files are on the branch {name}."
    yield f"Look at it with 'git diff HEAD {name}', take it with 'git merge {name}'."
    yield "Delete what you do not want, and commit: a file that you deleted never comes back."
    yield from _tell_steps(found, adoption)
    yield "From then on, 'copier-ml update' brings later versions."


def _tell_steps(found: project.Project, adoption: trial.Adoption) -> Iterator[str]:
    metadata = f"{found.prefix}pyproject.toml"
    if metadata in adoption.added:
        yield "Lock it with 'uv lock', and install it with 'uv run just sync'."
    elif metadata in adoption.kept:
        yield f"Take what the new files require from the template's {metadata}; then 'uv lock'."
    if flat := _find_flat(found, adoption):
        package = adoption.answers["package_name"]
        yield f"Your package is in {flat}, the template's is in {found.prefix}src/{package}/."
        yield "To have one, move what you keep with 'git mv'."


def _find_flat(found: project.Project, adoption: trial.Adoption) -> str:
    """Name the owner's package if it is not where the template's is; empty if there is none."""
    folder = f"{found.prefix}{adoption.answers.get('package_name')}/"
    listed = found.git.run(
        "ls-tree", "--name-only", "--full-tree", found.head, "--", f"{folder}__init__.py"
    )
    return folder if listed else ""


def _origin(answer: Any, guess: Guess | None) -> str:
    """Say where an answer comes from; nothing if there was no guess."""
    if guess is None:
        return ""
    if guess.value == answer:
        return guess.origin
    return f"instead of {_spell(guess.value)}: {guess.origin}"


def _spell(answer: Any) -> str:
    return json.dumps(answer, ensure_ascii=False)


def add_options(add: options.Add) -> None:
    """Declare the options."""
    options.add_project(add)
    add("--template", metavar="SOURCE", help="folder or Git URL of another template")
    add("-r", "--vcs-ref", metavar="REF", help="tag, branch or commit of the template")
    options.add_data(add, "answer a question; a list is KEY=[a, b]; repeatable")
    add("-y", "--yes", action="store_true", help="ask nothing, take the guesses")
    options.add_trust(add)
