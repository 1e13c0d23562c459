"""An update of a project, tried in a sandbox: the project itself is only read."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from packaging.version import Version

from copier_ml.shared import releases, sandbox, template, trust
from copier_ml.shared.copying import refuse_unasked
from copier_ml.shared.project import ANSWERS_FILE, Project, parse_answers
from copier_ml.shared.rendering import Rendering, render, render_beside
from copier_ml.shared.sandbox import Sandbox, Tree

from . import merge, ownership
from .migrations import NO_LOCK, Paths, has_migrations, migrate, migrate_before
from .outcome import Outcome


@dataclass(frozen=True)
class Wish:
    """What the owner asks for."""

    to: str | None = None
    """Version, tag, branch or commit of the template; None stands for the newest release."""

    data: Mapping[str, Any] = field(default_factory=dict)
    """Answers that change."""

    is_trusted: bool = False
    """Whether any template may run its code, which takes to find out what it changes."""


@dataclass(frozen=True)
class Trial:
    """An update that was tried."""

    outcome: Outcome
    sandbox: Sandbox
    merge: merge.Merge | None
    """What came out; None if there was nothing to do."""

    new: Rendering | None


@contextmanager
def tried(project: Project, wish: Wish) -> Iterator[Trial]:
    """Try an update, all but what follows the merge; the sandbox is there as long as the block.

    Raises:
        ValueError: The template, one of its versions or an answer is not to be had, or the update
            would go back.
    """
    with TemporaryDirectory(prefix="copier-ml-") as name:
        yield _try(project, wish, Path(name).resolve())


def _try(project: Project, wish: Wish, work: Path) -> Trial:
    source = template.fetch(project.source, work / "template.git", project.folder)
    old, new = source.resolve(project.commit), source.resolve(wish.to or source.newest())
    outcome = Outcome(project.name, source.describe(old), source.describe(new))
    where = sandbox.make(work / "sandbox", project.git)
    if old == new and not wish.data:
        return Trial(outcome, where, None, None)
    versions = _check_direction(source, old, new)
    outcome.changelog = releases.changes_between(source.changelog(new), *map(str, versions))

    if not (wish.is_trusted or trust.is_trusted(source.url)):
        outcome.needs_trust = True
        return Trial(outcome, where, None, None)

    before = render_beside(source, old, project.answers, work / "old")
    try:
        after = render(source, new, project.answers, work / "new", wish.data)
        handed, base = before.join(), where.add(work / "old")
    finally:
        before.stop()  # It would write on while its folder is removed.
    whole, paths = f"{project.head}^{{tree}}", Paths()
    if has_migrations(after.worker, "before", outcome.old):
        where.checkout(project.head)
        folder = where.folder / project.prefix
        paths = migrate_before(after.worker, outcome.old, folder, where.write(base), work)
        whole = where.snapshot()
        answers = parse_answers((folder / ANSWERS_FILE).read_bytes(), folder)
        if answers != project.answers:
            after = render(source, new, answers, work / "new with other answers", wish.data)

    refuse_unasked(wish.data, after.worker)
    _compare_answers(outcome, project.answers, after.answers)
    ours = _inside(where.read(whole), project.prefix)
    _rename(base, ours, paths.renamed)
    handed.difference_update(paths.merged_once)
    sides = merge.Trees(base, where.add(after.folder), ours)
    # What a version leaves out for the old answers as well is not gone, but handed to the owner.
    for path in after.find_excluded(base.keys() - sides.new.keys(), project.answers):
        del base[path]
    is_owners = ownership.make_rule(after, handed, project, where, sides)
    settled, kept = merge.settle(where, sides, is_owners, paths.kept)
    outcome.kept = [replace(it, path=project.prefix + it.path) for it in kept]
    merged = merge.merge(where, settled, whole, project.prefix, f"template-{outcome.new}")
    outcome.conflicts, outcome.lost = merged.conflicts, merged.lost
    outcome.changes = _list_changes(where, project.head, merged.tree)
    outcome.in_the_way = _find_in_the_way(project, outcome.changes)
    return Trial(outcome, where, merged, after)


def _check_direction(source: template.Template, old: str, new: str) -> tuple[Version, Version]:
    versions = source.version(old), source.version(new)
    if versions[1] < versions[0]:
        raise ValueError(
            f"the project has the template's {source.describe(old)}, and {source.describe(new)} is "
            "older; an update only goes forward: name a later version with --to"
        )
    return versions


def _compare_answers(outcome: Outcome, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    for name in (name for name in {**old, **new} if not name.startswith("_")):
        if name not in old:
            outcome.new_answers[name] = new[name]
        elif old[name] != new.get(name):
            outcome.changed_answers[name] = (old[name], new.get(name))


def _rename(base: Tree, ours: Tree, renamed: Mapping[str, str]) -> None:
    """Give files of the base the path that the template gave them, however much it changed them.

    One that the owner did not edit needs none; one that they deleted is then deleted there, too.
    """
    for old, new in renamed.items():
        if old in base and old not in ours:
            base[new] = base.pop(old)


def _inside(tree: Tree, prefix: str) -> Tree:
    start = len(prefix)
    return {path[start:]: entry for path, entry in tree.items() if path.startswith(prefix)}


def _list_changes(where: Sandbox, old: str, new: str) -> list[tuple[str, str]]:
    listed = where.git.lines("diff-tree", "-r", "-z", "--no-renames", "--name-status", old, new)
    return list(zip(listed[::2], listed[1::2], strict=True))


def _find_in_the_way(project: Project, changes: list[tuple[str, str]]) -> list[str]:
    """Find what Git does not know and a new file would take the place of: Git spares none of it."""
    gone = {path for letter, path in changes if letter == "D"}
    found: list[str] = []
    for path in (path for letter, path in changes if letter == "A"):
        *folders, _ = PurePosixPath(path).parents
        found += [str(folder) for folder in folders if _is_leaf(project.root / folder)]
        found += _files_of(project.root, path)
    return sorted(set(found) - gone)


def _is_leaf(path: Path) -> bool:
    return path.is_symlink() or (path.exists() and not path.is_dir())


def _files_of(root: Path, path: str) -> list[str]:
    """List the file of a name, or all files of the folder of that name."""
    if _is_leaf(root / path):
        return [path]
    return [it.relative_to(root).as_posix() for it in (root / path).rglob("*") if _is_leaf(it)]


def finish(trial: Trial, project: Project, *, locks: bool) -> str:
    """Run what the template does after an update.

    Args:
        trial: The update.
        project: The project.
        locks: Whether uv may lock the project, which may run code of it.

    Returns:
        The tree of the repository that it leaves.
    """
    assert trial.merge
    assert trial.new
    if not has_migrations(trial.new.worker, "after", trial.outcome.old):
        return trial.merge.tree
    trial.sandbox.checkout(trial.merge.tree)
    folder = trial.sandbox.folder / project.prefix
    variables = {} if locks else {NO_LOCK: "1"}
    migrate(trial.new.worker, "after", trial.outcome.old, folder, **variables)
    tree = trial.sandbox.snapshot()
    trial.outcome.changes = _list_changes(trial.sandbox, project.head, tree)
    return tree
