"""The command ``adopt``: add the template to a repository and keep all its files."""

import json
import re
import shlex
import sys
from argparse import Namespace
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from copier_ml.shared import branch, consent, options, project, source, trust, uv, workspace
from copier_ml.shared.errors import RefusalError, printable, refusing
from copier_ml.shared.progress import Progress

from . import guesses, trial
from .evidence import Guess

REFERENCE = "copier-ml/{folder}{version}"
"""Name below ``refs/`` of the template's files. It is no branch, so it is not pushed."""


def run(args: Namespace) -> None:
    """Add the template to an existing repository, on a branch."""
    progress = Progress()
    with refusing(), progress.reported():
        found = project.locate(args.project)
        _check_is_new(found)
        workspace.refuse_member(found.folder)
        chosen = source.chosen(args.template, args.vcs_ref)
        url = source.clone_url(chosen.address, found.folder)
        if not (args.trust or trust.is_trusted(url)):
            raise RefusalError(
                f"rendering runs code of the third-party template {chosen.address}; add --trust if "
                "you trust it"
            )
        guessed = guesses.guess(found)
        data = {"code": "template"} if args.with_code else {}
        data.update(args.data)
        if not args.yes:
            print(printable("\n".join(_tell_guesses(guessed, data))))
            if not sys.stdin.isatty():
                raise RefusalError(
                    "without a terminal, accept these answers with --yes and change them with "
                    "--data QUESTION=ANSWER"
                )
        with trial.tried(found, chosen, guessed, data, asks=not args.yes) as (adoption, where):
            reason = _lock(found, adoption, where, args)
            _land(found, adoption, where, progress)
        default = "the default" if args.yes else "your answer"
        origins = {
            name: "given" if name in data else _origin(answer, guessed.get(name)) or default
            for name, answer in adoption.answers.items()
        }
        print(printable("\n".join(_tell(found, adoption, origins, reason))))


def _check_is_new(found: project.Project) -> None:
    spelled = found.prefix + project.ANSWERS_FILE
    is_committed = found.git.run("ls-tree", "--name-only", "--full-tree", found.head, "--", spelled)
    if is_committed or (found.folder / project.ANSWERS_FILE).exists():
        raise RefusalError(
            f"{found.folder} has a {project.ANSWERS_FILE}, so it has a template already; update it "
            "with 'copier-ml update'"
        )


def _lock(found: project.Project, adoption: trial.Adoption, where: Any, args: Namespace) -> str:
    """Lock the project if it may run code; return the reason if it is not locked."""
    if f"{found.prefix}pyproject.toml" not in [*adoption.added, *adoption.merged]:
        return "the template has no pyproject.toml"
    if not consent.may_run(found.folder, is_trusted=args.trust):
        return "uv may run code of a project to lock it; --trust allows that"
    return trial.lock(adoption, found, where)


def _land(found: project.Project, adoption: trial.Adoption, where: Any, progress: Progress) -> None:
    name = f"adopt-{adoption.version}"
    branch.check_branch(found, name)
    # The answers have the author if Git has no identity.
    owned = project.Project(found.root, found.prefix, found.head, adoption.answers)
    message = f"build: adopt the template {adoption.version}"
    made = branch.commit(owned, where, adoption.tree, message, trial.THEIRS)
    with progress.uninterrupted():
        found.git.run("update-ref", f"refs/{_name_reference(found, adoption)}", adoption.theirs)
        landed = branch.set_branch(found, name, made)
        progress.reached = f"the template's files are on the branch {landed}"


def _name_reference(found: project.Project, adoption: trial.Adoption) -> str:
    folder = branch.name_folder(found.prefix)
    return REFERENCE.format(folder=folder, version=adoption.version)


def _tell_guesses(guessed: Mapping[str, Guess], data: Mapping[str, Any]) -> Iterator[str]:
    yield "Suggested answers and their sources:\n"
    for name, guess in guessed.items():
        if name not in data:
            yield f"- {name}: {_spell(guess.value)} ({guess.origin})"
    yield ""


def _tell(
    found: project.Project, adoption: trial.Adoption, origins: Mapping[str, str], reason: str
) -> Iterator[str]:
    name = branch.branch_of(found, f"adopt-{adoption.version}")
    theirs = _name_reference(found, adoption)
    yield f"{found.name}: adopt template {adoption.version}"
    yield "\n## Answers and their sources\n"
    yield from (
        f"- {name}: {_spell(answer)} ({origins[name]})" for name, answer in adoption.answers.items()
    )
    yield f"\n## New files: {len(adoption.added)}\n"
    start = len(found.prefix)
    tops = Counter(re.sub(r"(?<=/).*", "", path[start:]) for path in adoption.added)
    yield from (f"- {top}" + f" ({count})" * top.endswith("/") for top, count in tops.items())
    if adoption.merged:
        yield "\n## Your files, with additions\n"
        yield from (f"- {path}" for path in adoption.merged)
    if adoption.untranslated:
        yield "\n## Requirements to check: not translated, or only in part\n"
        yield from (f"- {row.file}: {row.line} ({row.reason})" for row in adoption.untranslated)
    yield from _tell_baseline(adoption)
    if adoption.kept:
        yield "\n## Your files, unchanged\n"
        yield from (f"- {path}: {reason}" for path, reason in adoption.kept.items())
        example = shlex.quote(next(iter(adoption.kept)))
        yield f"\nThe template's versions are in {theirs}. To compare and merge a file:"
        yield f"\n  git diff HEAD {theirs} -- {example}"
        yield f"  git checkout --patch {theirs} -- {example}"
    yield "\n## Next steps\n"
    yield f"Your working tree was not changed. The files are on the branch {name}."
    yield f"Review it with 'git diff HEAD {name}', then run 'git merge {name}'."
    yield "Delete files that you do not want and commit: updates do not add them again."
    yield from _tell_steps(found, adoption, reason)
    yield "Later versions come with 'copier-ml update'."


def _tell_baseline(adoption: trial.Adoption) -> Iterator[str]:
    if found := adoption.baseline:
        count = sum(found.rules.values())
        run = f"{uv.in_shell()} run just"
        yield "\n## Baseline of the checks\n"
        yield f"- {len(found.unformatted)} files excluded from formatting by ruff"
        yield f"- {len(found.rules)} rules of ruff ignored, with {count} violations"
        yield f"- {len(found.excluded)} files excluded from the hooks"
        yield "\nTo tighten it, delete lines of ruff's lists in pyproject.toml or of 'exclude' in"
        yield f".pre-commit-config.yaml, and run '{run} fix' and '{run} check'."


def _tell_steps(found: project.Project, adoption: trial.Adoption, reason: str) -> Iterator[str]:
    if not adoption.is_locked:
        yield f"Lock it with '{uv.in_shell()} lock', which was not possible: {reason}."
    run = f"{uv.in_shell()} run just"
    yield f"Install it with '{run} sync', and check it with '{run} check'."
    if adoption.answers.get("code") == "own":
        yield "Your code is unchanged: --with-code adds the template's package, commands and tests."
    elif flat := _find_flat(found, adoption):
        package = adoption.answers["package_name"]
        yield f"Your package is in {flat}, the template's is in {found.prefix}src/{package}/."
        yield "To merge the two, move your files with 'git mv'."


def _find_flat(found: project.Project, adoption: trial.Adoption) -> str:
    """Return the folder of the owner's package if it is outside src/; empty if there is none."""
    folder = f"{found.prefix}{adoption.answers.get('package_name')}/"
    listed = found.git.run(
        "ls-tree", "--name-only", "--full-tree", found.head, "--", f"{folder}__init__.py"
    )
    return folder if listed else ""


def _origin(answer: Any, guess: Guess | None) -> str:
    """Return the source of an answer; empty if there was no guess."""
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
    add("--template", metavar="SOURCE", help="folder or Git URL of a third-party template")
    add("-r", "--vcs-ref", metavar="REF", help="tag, branch or commit of the template")
    options.add_data(add, "answer a question; a list is KEY=[a, b]; repeatable")
    add(
        "--with-code",
        action="store_true",
        help="add the template's package, commands and tests to a repository with code",
    )
    add("-y", "--yes", action="store_true", help="accept the suggested answers without asking")
    options.add_trust(add)
