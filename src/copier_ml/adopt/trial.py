"""Try an adoption in a sandbox.

The owner's files stay, even where the template has a file of that name; other files are added.
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
from copier_ml.shared.progress import say
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
"""Branch of the sandbox with the template's files."""


@dataclass
class Adoption:
    """The result of an adoption. Paths are relative to the repository's root."""

    version: str
    """Version of the template."""

    answers: dict[str, Any]
    """All recorded answers."""

    tree: str
    """Tree of the repository with the template's files."""

    theirs: str
    """Tree of only the template's files, at the same paths."""

    added: list[str] = field(default_factory=list)
    merged: list[str] = field(default_factory=list)
    """Files of the owner with additions."""

    untranslated: list[Untranslated] = field(default_factory=list)
    """Requirements that were not translated, or only in part."""

    is_locked: bool = False
    """Whether uv.lock is up to date."""

    baseline: Baseline | None = None
    """Code that does not pass the checks yet; None if the tools are not available."""

    kept: dict[str, str] = field(default_factory=dict)
    """Files of the template that are left out because of the owner's, and why."""


@contextmanager
def tried(
    project: Project,
    source: Source,
    guesses: Mapping[str, Guess],
    data: Mapping[str, Any],
    *,
    asks: bool,
) -> Iterator[tuple[Adoption, Sandbox]]:
    """Render the template for a repository and add the files that it lacks.

    Args:
        project: The repository; it is only read.
        source: The template and its version, or else its newest release.
        guesses: Suggested answers; an invalid one is replaced by the default.
        data: Answers that override the suggestions; an invalid one is an error.
        asks: Whether the owner confirms the answers on the terminal.

    Raises:
        ValueError: The template is not available, or an answer is invalid.
    """
    with TemporaryDirectory(prefix="copier-ml-") as name:
        work = Path(name).resolve()
        say("Fetching the template")
        found = template.fetch(source.address, work / "template.git", project.folder)
        commit = found.resolve(source.ref or found.newest())
        guessed = {question: guess.value for question, guess in guesses.items()}
        rendering = render(found, commit, guessed, work / "new", data, asks=asks)
        say("Comparing the template with your files")
        where = sandbox.make(work / "sandbox", project.git)
        adoption = _add_files(project, where, where.add(rendering.folder), rendering.answers)
        _set_baseline(adoption, project, where, work)
        yield adoption, where


def _add_files(project: Project, where: Sandbox, render: Tree, answers: dict[str, Any]) -> Adoption:
    whole = where.read(f"{project.head}^{{tree}}")
    theirs = {project.prefix + path: entry for path, entry in render.items()}
    merged, untranslated = _merge(project, where, theirs)
    kept = find_kept(whole, {it: theirs[it] for it in theirs.keys() - merged.keys()}, project)
    added = {path: theirs[path] for path in theirs if path not in whole and path not in kept}
    # On a branch, so that the project can fetch it.
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
    """Merge the files that both sides contribute to."""
    path = f"{project.prefix}pyproject.toml"
    if path not in theirs:
        return {}, []
    evidence = Evidence(project)
    found = requirements.translate(evidence)
    render = where.fetch([theirs[path][1]])[theirs[path][1]].decode("utf-8")
    text = pyproject.merge(evidence, render, found)
    return {path: (theirs[path][0], where.store(text.encode()))}, found.untranslated


def _set_baseline(adoption: Adoption, project: Project, where: Sandbox, work: Path) -> None:
    """Exclude the owner's files from checks that they do not pass yet."""
    names = ("pyproject.toml", ".pre-commit-config.yaml")
    config, hooks = (project.prefix + name for name in names)
    tree = where.read(adoption.tree)
    if hooks not in adoption.added or config not in tree:
        return  # The owner has checks.
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
    """Lock the result; return uv's error, or nothing. uv may run code of the project."""
    program = uv.find()
    if not program:
        return "uv is not installed"
    where.checkout(adoption.tree)
    path = f"{project.prefix}uv.lock"
    if (where.folder / path).is_symlink():
        return f"{path} is a symbolic link; replace it with the file"
    say("Locking dependencies")
    done = uv.run(program, "lock", "--quiet", folder=where.folder / project.prefix)
    if done.returncode:
        return " ".join(done.stdout.split()).removeprefix("error: ")[:300]
    blob = where.store((where.folder / path).read_bytes())
    adoption.tree = where.write(where.read(adoption.tree) | {path: ("100644", blob)})
    adoption.is_locked = True
    return ""


def find_kept(whole: Tree, theirs: Tree, project: Project) -> dict[str, str]:
    """Return each file of the template that is left out, with the reason.

    Some file systems ignore case, and a license file has several names.
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
            kept[path] = "you have an uncommitted file there"
    return kept


def _name_module(path: str) -> str:
    """Return the import name of a file, in a src layout or not."""
    name = re.sub(r"(^|.*/)src/", "", path).removesuffix(".py").removesuffix("/__init__")
    return name.replace("/", ".")


def _find_module(path: str, modules: Collection[str]) -> str:
    """Find a module of the owner that shadows a file of the template, or is shadowed by it.

    A module shadows all modules in a namespace package of its name.
    """
    if "/src/" not in f"/{path}" or not path.endswith(".py"):
        return ""
    name = _name_module(path)
    is_package = path.endswith("/__init__.py")
    return next(
        (it for it in modules if it == name or (it.startswith(f"{name}.") and not is_package)), ""
    )


def _is_taken(root: Path, path: str) -> bool:
    """Check whether a file exists there, or in place of a folder above; Git could overwrite it."""
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
