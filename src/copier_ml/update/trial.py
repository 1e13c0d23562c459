"""A trial update in a sandbox; the project itself is only read."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from packaging.version import Version

from copier_ml.shared import releases, sandbox, template, trust
from copier_ml.shared.progress import say
from copier_ml.shared.project import Project
from copier_ml.shared.rendering import Rendering
from copier_ml.shared.sandbox import Sandbox

from . import folders, merge
from .migrations import NO_LOCK, has_migrations, migrate
from .outcome import Outcome
from .sides import Case, Wish, find


@dataclass(frozen=True)
class Trial:
    """A trial update."""

    outcome: Outcome
    sandbox: Sandbox
    merge: merge.Merge | None
    """The result; None if there was nothing to merge."""

    new: Rendering | None

    moves: folders.Moves = field(default_factory=dict)
    """Folders of the merged tree that have another name in the project."""

    def name_files(self, tree: str) -> str:
        """Return a tree in which files have their names in the project."""
        if not self.moves:
            return tree
        return self.sandbox.write(folders.move(self.sandbox.read(tree), self.moves))


@contextmanager
def tried(project: Project, wish: Wish) -> Iterator[Trial]:
    """Try an update up to its merge, in a sandbox that exists inside the block.

    Raises:
        ValueError: The template, a version or an answer is not available, or the version is older.
    """
    with TemporaryDirectory(prefix="copier-ml-") as name:
        yield _try(project, wish, Path(name).resolve())


def _try(project: Project, wish: Wish, work: Path) -> Trial:
    say("Fetching the template")
    source = template.fetch(project.source, work / "template.git", project.folder)
    old = source.resolve(project.commit, "run 'copier-ml doctor' to find the one to record")
    new = source.resolve(wish.to or source.newest())
    outcome = Outcome(project.name, source.describe(old), source.describe(new))
    where = sandbox.make(work / "sandbox", project.git)
    if old == new and not (wish.data or wish.restored):
        return Trial(outcome, where, None, None)
    versions = _check_direction(source, old, new)
    outcome.changelog = releases.changes_between(source.changelog(new), *map(str, versions))
    if not (wish.is_trusted or trust.is_trusted(source.url)):
        outcome.needs_trust = True
        return Trial(outcome, where, None, None)

    say(f"Rendering {outcome.old} and {outcome.new}")
    sides = find(Case(project, wish, source, old, new, where, work))
    outcome.moved, outcome.offered = dict(sides.moves), dict(sides.offered)
    _compare_answers(outcome, project.answers, sides.after.answers)
    settled, kept = merge.settle(where, sides.trees, sides.rules)
    outcome.kept = [merge.Conflict(sides.rules.name(it.path), it.reason) for it in kept]
    merged = merge.merge(where, settled, sides.whole, project.prefix, f"template-{outcome.new}")
    merged = merged.follow(lambda path: folders.follow(path, sides.moves))
    outcome.conflicts = merged.conflicts
    for path in merged.lost:
        (outcome.accepted if path in wish.accepted else outcome.lost).append(path)
    trial = Trial(outcome, where, merged, sides.after, sides.moves)
    outcome.changes = _list_changes(where, project.head, trial.name_files(merged.tree))
    outcome.in_the_way = _find_in_the_way(project, outcome.changes)
    return trial


def _check_direction(source: template.Template, old: str, new: str) -> tuple[Version, Version]:
    versions = source.version(old), source.version(new)
    if versions[1] < versions[0]:
        raise ValueError(
            f"template {source.describe(new)} is older than the project's {source.describe(old)}; "
            "choose a newer version with --to"
        )
    return versions


def _compare_answers(outcome: Outcome, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    for name in (name for name in {**old, **new} if not name.startswith("_")):
        if name not in old:
            outcome.new_answers[name] = new[name]
        elif old[name] != new.get(name):
            outcome.changed_answers[name] = (old[name], new.get(name))


def _list_changes(where: Sandbox, old: str, new: str) -> list[tuple[str, str]]:
    listed = where.git.lines("diff-tree", "-r", "-z", "--no-renames", "--name-status", old, new)
    return list(zip(listed[::2], listed[1::2], strict=True))


def _find_in_the_way(project: Project, changes: list[tuple[str, str]]) -> list[str]:
    """Find untracked files that new files would overwrite."""
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
    """List a file, or all files of a folder."""
    if _is_leaf(root / path):
        return [path]
    return [it.relative_to(root).as_posix() for it in (root / path).rglob("*") if _is_leaf(it)]


def finish(trial: Trial, project: Project, *, locks: bool) -> str:
    """Run the template's migrations after the merge.

    Args:
        trial: The update.
        project: The project.
        locks: Whether uv may lock the project, which may run code of it.

    Returns:
        The resulting tree of the repository.
    """
    assert trial.merge
    assert trial.new
    if not has_migrations(trial.new.worker, "after", trial.outcome.old):
        return trial.name_files(trial.merge.tree)
    trial.sandbox.checkout(trial.merge.tree)
    folder = trial.sandbox.folder / project.prefix
    variables = {} if locks else {NO_LOCK: "1"}
    say("Locking dependencies" if locks else "Running migrations")
    migrate(trial.new.worker, "after", trial.outcome.old, folder, **variables)
    tree = trial.name_files(trial.sandbox.snapshot())
    trial.outcome.changes = _list_changes(trial.sandbox, project.head, tree)
    return tree
