"""A repository that comes under the template, tried in a sandbox: an update from nothing.

What the owner has stays, whatever the template has in its place; the rest of a render comes in.
"""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from copier_ml.shared import sandbox, template
from copier_ml.shared.project import ANSWERS_FILE, Project
from copier_ml.shared.rendering import render
from copier_ml.shared.sandbox import Sandbox, Tree
from copier_ml.shared.source import Source

from .evidence import Guess
from .guesses import LICENSE_FILES

THEIRS = "template"
"""Branch of the sandbox with all that the template has."""


@dataclass
class Adoption:
    """What comes in, and what stays. Paths count from the top of the repository."""

    version: str
    """Of the template."""

    answers: dict[str, Any]
    """All answers that were recorded."""

    tree: str
    """The repository with the template's files."""

    theirs: str
    """The template's files alone, at the same paths."""

    added: list[str] = field(default_factory=list)
    kept: dict[str, str] = field(default_factory=dict)
    """Files that the template has too, or has something in the place of, and why they stay."""


@contextmanager
def tried(
    project: Project,
    source: Source,
    guesses: Mapping[str, Guess],
    data: Mapping[str, Any],
    *,
    asks: bool,
) -> Iterator[tuple[Adoption, Sandbox]]:
    """Render the template for a repository, and lay it under what is there.

    Args:
        project: The repository; it is only read.
        source: The template, and which version of it; without one, its newest release.
        guesses: Answers, unless the template refuses them.
        data: Answers that win, and that are refused if they are not valid.
        asks: Whether the owner corrects the guesses on the terminal.

    Raises:
        ValueError: The template or an answer is not to be had.
    """
    with TemporaryDirectory(prefix="copier-ml-") as name:
        work = Path(name).resolve()
        found = template.fetch(source.address, work / "template.git", project.folder)
        commit = found.resolve(source.ref or found.newest())
        guessed = {question: guess.value for question, guess in guesses.items()}
        rendering = render(found, commit, guessed, work / "new", data, asks=asks)
        where = sandbox.make(work / "sandbox", project.git)
        yield _lay_under(project, where, where.add(rendering.folder), rendering.answers), where


def _lay_under(project: Project, where: Sandbox, render: Tree, answers: dict[str, Any]) -> Adoption:
    whole = where.read(f"{project.head}^{{tree}}")
    theirs = {project.prefix + path: entry for path, entry in render.items()}
    kept = find_kept(whole, theirs, project)
    added = {path: theirs[path] for path in theirs if path not in whole and path not in kept}
    # Named, so that both come along when the project fetches.
    where.commit(where.write(theirs), branch=THEIRS)
    return Adoption(
        version=str(answers["_commit"]),
        answers={name: answers[name] for name in answers if not name.startswith("_")},
        tree=where.write(whole | added),
        theirs=where.git.run("rev-parse", f"{THEIRS}^{{tree}}"),
        added=sorted(added),
        kept=dict(sorted(kept.items())),
    )


def find_kept(whole: Tree, theirs: Tree, project: Project) -> dict[str, str]:
    """Say for each file of the template that stays out, what of the owner's is in its place.

    Some disks do not tell ``readme.md`` from ``README.md``, and a licence has several names.
    """
    files = {path.casefold(): path for path in whole}
    folders = {folder for path in files for folder in _parents(path)}
    licenses = [path for path in whole if _is_license(path, project)]
    kept = {}
    for path, entry in theirs.items():
        known = path.casefold()
        mine = files.get(known)
        blocking = [files[folder] for folder in _parents(known) if folder in files]
        if path in whole:
            if whole[path] != entry:
                kept[path] = "yours differs from the template's"
        elif mine:
            kept[path] = f"you have {mine}"
        elif blocking:
            kept[path] = f"you have the file {blocking[0]}"
        elif known in folders:
            kept[path] = "you have a folder of this name"
        elif _is_license(path, project) and licenses:
            kept[path] = f"you have {licenses[0]}"
        elif _is_taken(project.root, path):
            kept[path] = "you have something there that is not committed"
    return kept


def _is_taken(root: Path, path: str) -> bool:
    """Tell whether a file is there, or one in the place of a folder; Git may not spare it."""
    above = (root / folder for folder in _parents(path))
    return os.path.lexists(root / path) or any(
        it.is_symlink() or (it.exists() and not it.is_dir()) for it in above
    )


def _parents(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]


def _is_license(path: str, project: Project) -> bool:
    inside = path.startswith(project.prefix) and path != project.prefix + ANSWERS_FILE
    return inside and bool(re.fullmatch(LICENSE_FILES, path.removeprefix(project.prefix)))
