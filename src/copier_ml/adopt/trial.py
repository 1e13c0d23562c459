"""A repository that comes under the template, tried in a sandbox: an update from nothing.

What the owner has stays, whatever the template has in its place; the rest of a render comes in.
"""

import os
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from copier_ml.shared import sandbox, template, uv
from copier_ml.shared.git import Git
from copier_ml.shared.project import ANSWERS_FILE, Project
from copier_ml.shared.rendering import render
from copier_ml.shared.sandbox import Sandbox, Tree
from copier_ml.shared.source import Source

from . import baseline, pyproject, requirements
from .baseline import Baseline
from .evidence import Evidence, Guess
from .formats.entry import Untranslated
from .licenses import LICENSE_FILES

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
    merged: list[str] = field(default_factory=list)
    """Files of the owner's that got what they lack."""

    untranslated: list[Untranslated] = field(default_factory=list)
    """Requirements that have no translation, or lose something in it."""

    is_locked: bool = False
    """Whether uv.lock fits."""

    baseline: Baseline | None = None
    """What does not pass the checks yet; None if the tools could not be had."""

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
        adoption = _lay_under(project, where, where.add(rendering.folder), rendering.answers)
        _begin_with_what_passes(adoption, project, where, work)
        yield adoption, where


def _lay_under(project: Project, where: Sandbox, render: Tree, answers: dict[str, Any]) -> Adoption:
    whole = where.read(f"{project.head}^{{tree}}")
    theirs = {project.prefix + path: entry for path, entry in render.items()}
    merged, untranslated = _merge(project, where, theirs)
    kept = find_kept(whole, {it: theirs[it] for it in theirs.keys() - merged.keys()}, project)
    added = {path: theirs[path] for path in theirs if path not in whole and path not in kept}
    # Named, so that both come along when the project fetches.
    where.commit(where.write(theirs), branch=THEIRS)
    return Adoption(
        version=str(answers["_commit"]),
        answers={name: answers[name] for name in answers if not name.startswith("_")},
        tree=where.write(whole | added | merged),
        theirs=where.git.run("rev-parse", f"{THEIRS}^{{tree}}"),
        added=sorted(added),
        merged=sorted(merged.keys() & whole.keys()),
        untranslated=untranslated,
        kept=dict(sorted(kept.items())),
    )


def _merge(project: Project, where: Sandbox, theirs: Tree) -> tuple[Tree, list[Untranslated]]:
    """Merge the files that both sides have a part in."""
    path = f"{project.prefix}pyproject.toml"
    if path not in theirs:
        return {}, []
    evidence = Evidence(project)
    found = requirements.translate(evidence)
    render = where.fetch([theirs[path][1]])[theirs[path][1]].decode("utf-8")
    text = pyproject.merge(evidence, render, found)
    return {path: (theirs[path][0], where.store(text.encode()))}, found.untranslated


def _begin_with_what_passes(
    adoption: Adoption, project: Project, where: Sandbox, work: Path
) -> None:
    """Let the checks pass over what they would rewrite or refuse among the owner's files."""
    names = ("pyproject.toml", ".pre-commit-config.yaml")
    config, hooks = (project.prefix + name for name in names)
    tree = where.read(adoption.tree)
    if hooks not in adoption.added or config not in tree:
        return  # The checks are the owner's.
    where.checkout(adoption.tree)
    evidence = Evidence(project)
    own = [path for path in evidence.paths if project.prefix + path != config]
    folder = where.folder / project.prefix
    found = baseline.measure(Git(folder), own, work)
    if found is None:
        return
    blobs = where.fetch([tree[config][1], tree[hooks][1]])
    texts = {path: blobs[tree[path][1]].decode() for path in (config, hooks)}
    if pyproject.is_configured(evidence, "ruff"):
        found = Baseline(sorted({*found.excluded, *found.unformatted, *found.violating}))
    else:
        texts[config] = baseline.exclude_rules(texts[config], found)
    texts[hooks] = baseline.exclude_files(texts[hooks], found.excluded)
    adoption.baseline = found
    changed = {path: (tree[path][0], where.store(text.encode())) for path, text in texts.items()}
    adoption.tree = where.write(tree | changed)


def lock(adoption: Adoption, project: Project, where: Sandbox) -> str:
    """Lock what came out; give what uv complains of, or nothing. uv may run code of the project."""
    program = uv.find()
    if not program:
        return "uv is not installed"
    where.checkout(adoption.tree)
    path = f"{project.prefix}uv.lock"
    if (where.folder / path).is_symlink():
        return f"{path} is a symbolic link, through which uv would write; put the file in its place"
    done = uv.run(program, "lock", "--quiet", folder=where.folder / project.prefix)
    if done.returncode:
        return " ".join(done.stdout.split()).removeprefix("error: ")[:300]
    blob = where.store((where.folder / path).read_bytes())
    adoption.tree = where.write(where.read(adoption.tree) | {path: ("100644", blob)})
    adoption.is_locked = True
    return ""


def find_kept(whole: Tree, theirs: Tree, project: Project) -> dict[str, str]:
    """Say for each file of the template that stays out, what of the owner's is in its place.

    Some disks do not tell ``readme.md`` from ``README.md``, and a licence has several names.
    """
    files = {path.casefold(): path for path in whole}
    folders = {folder for path in files for folder in _parents(path)}
    licenses = [path for path in whole if _is_license(path, project)]
    modules = {_name_module(path) for path in whole if path.endswith(".py")}
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
        elif module := _find_module(path, modules):
            kept[path] = f"you have the module {module}"
        elif _is_taken(project.root, path):
            kept[path] = "you have something there that is not committed"
    return kept


def _name_module(path: str) -> str:
    """Name what Python imports a file as, whether its package is below ``src`` or not."""
    name = re.sub(r"(^|.*/)src/", "", path).removesuffix(".py").removesuffix("/__init__")
    return name.replace("/", ".")


def _find_module(path: str, modules: Collection[str]) -> str:
    """Find a module of the owner's that a file of the template would hide, or that would hide it.

    A namespace has no file of its own: a module of its name hides all that is in it.
    """
    if "/src/" not in f"/{path}" or not path.endswith(".py"):
        return ""
    name = _name_module(path)
    is_package = path.endswith("/__init__.py")
    return next(
        (it for it in modules if it == name or (it.startswith(f"{name}.") and not is_package)), ""
    )


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
