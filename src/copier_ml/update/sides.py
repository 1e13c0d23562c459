"""The three sides of an update, with each file at its path in the new template version.

Both versions are rendered and migrated, and folders that the owner or an answer renamed get the
template's names. The sides then differ only in contents and in what the template itself moved.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from copier_ml.shared.copying import refuse_unasked
from copier_ml.shared.project import ANSWERS_FILE, Project, parse_answers
from copier_ml.shared.rendering import Rendering, render, render_beside
from copier_ml.shared.sandbox import Sandbox, Tree
from copier_ml.shared.template import Template

from . import deleted, folders, ownership
from .merge import Rules, Trees
from .migrations import Paths, has_migrations, migrate_before


@dataclass(frozen=True)
class Wish:
    """The options of an update. Paths are relative to the repository's root."""

    to: str | None = None
    """Version, tag, branch or commit of the template; None is the newest release."""

    data: Mapping[str, Any] = field(default_factory=dict)
    """Changed answers."""

    is_trusted: bool = False
    """Whether a third-party template may run code, which rendering requires."""

    accepted: Collection[str] = ()
    """Files whose edits may be lost."""

    restored: Collection[str] = ()
    """Deleted files and folders to restore."""


@dataclass(frozen=True)
class Case:
    """The input of an update."""

    project: Project
    wish: Wish
    template: Template
    old: str
    new: str
    """Commits of the template."""

    where: Sandbox
    work: Path
    """Folder for temporary files."""

    def inside(self, tree: Tree) -> Tree:
        """Return the project's files of a tree of the repository."""
        prefix = self.project.prefix
        return {path.removeprefix(prefix): tree[path] for path in tree if path.startswith(prefix)}

    def render(self, answers: Mapping[str, Any], data: Mapping[str, Any]) -> Rendering:
        """Render the new version with a project's answers and the changed ones."""
        return render(self.template, self.new, answers, self._folder(), data)

    def render_both(self) -> tuple[Tree, set[str], Rendering]:
        """Render both versions; return the old one, its owner's files, and the new one."""
        folder = self._folder()
        before = render_beside(self.template, self.old, self.project.answers, folder)
        try:
            after = self.render(self.project.answers, self.wish.data)
            handed = before.join()
            return self.where.add(folder), handed, after
        finally:
            before.stop()  # It would continue to write into a removed folder.

    def _folder(self) -> Path:
        return Path(mkdtemp(dir=self.work)) / "render"


@dataclass(frozen=True)
class Sides:
    """The input of the merge."""

    trees: Trees
    whole: str
    """Tree of the whole repository, with the owner's side."""

    rules: Rules
    after: Rendering
    """The new version."""

    moves: folders.Moves
    """Folders that the owner renamed."""

    offered: Mapping[str, str]
    """Answers that rename these folders in the template, too."""


def find(case: Case) -> Sides:
    """Render both versions and give all three sides the same paths.

    Raises:
        ValueError: The template has no such question, or no such path to restore.
    """
    where, wish, prefix = case.where, case.wish, case.project.prefix
    whole = where.read(f"{case.project.head}^{{tree}}")
    base, handed, after = case.render_both()
    moved = folders.find_moved(where, base, case.inside(whole))
    offered = folders.find_answers(after.root, case.project.answers, moved)
    if offered and offered.items() <= after.answers.items():
        # The answer now agrees with the folder's name: treat it as the old answer, too.
        case, whole = _answer(case, whole, offered)
        base, handed, after = case.render_both()
        moved, offered = folders.find_moved(where, base, case.inside(whole)), {}
    whole = folders.move(whole, folders.below(prefix, folders.reverse(moved)))
    whole, answers, paths = _migrate(case, whole, base, after)
    if answers != case.project.answers:
        after = case.render(answers, wish.data)
    refuse_unasked(wish.data, after.worker)

    _rename(base, case.inside(whole), paths.renamed)
    own = ownership.find(case.project, where, base, case.inside(whole))
    new = where.add(after.folder)
    answered = folders.find_answered(after.root, answers, after.answers)
    for path in _find_handed_over(case, answers, after, base.keys()):
        if folders.follow(path, answered) not in new:
            del base[path]
    base = folders.move(base, answered)
    whole = folders.move(whole, folders.below(prefix, answered))
    moves = {was: now for was, now in moved.items() if was not in answered}

    def follow(paths: Collection[str]) -> set[str]:
        return {folders.follow(path, answered) for path in paths}

    def name(path: str) -> str:
        return prefix + folders.follow(path, moves)

    handed.difference_update(paths.merged_once)
    rules = Rules(
        is_owners=_make_rule(follow(own), follow(handed), base, new, after),
        is_restored=_find_restored(wish.restored, new, name),
        kept=follow(paths.kept),
        parts=deleted.read_parts(case.template, case.new, after),
        name=name,
    )
    trees = Trees(base, new, case.inside(whole))
    return Sides(trees, where.write(whole), rules, after, folders.below(prefix, moves), offered)


def _answer(case: Case, whole: Tree, answers: Mapping[str, Any]) -> tuple[Case, Tree]:
    """Return the case as if the project had had some answers before."""
    from yaml import safe_dump

    known = {**case.project.answers, **answers}
    blob = case.where.store(safe_dump(known, sort_keys=False).encode())
    changed = {case.project.prefix + ANSWERS_FILE: ("100644", blob)}
    return replace(case, project=replace(case.project, answers=known)), whole | changed


def _migrate(
    case: Case, whole: Tree, base: Tree, after: Rendering
) -> tuple[Tree, dict[str, Any], Paths]:
    """Run migrations before the merge; return the migrated repository, answers and paths."""
    version = case.template.describe(case.old)
    if not has_migrations(after.worker, "before", version):
        return whole, case.project.answers, Paths()
    case.where.checkout(case.where.write(whole))
    folder = case.where.folder / case.project.prefix
    paths = migrate_before(after.worker, version, folder, case.where.write(base), case.work)
    answers = parse_answers((folder / ANSWERS_FILE).read_bytes(), folder)
    return case.where.read(case.where.snapshot()), answers, paths


def _rename(base: Tree, ours: Tree, renamed: Mapping[str, str]) -> None:
    """Move files of the base to their new paths in the template, however much they changed.

    Unedited files need no move. A file that the owner deleted is then deleted at its new path.
    """
    for old, new in renamed.items():
        if old in base and old not in ours:
            base[new] = base.pop(old)


def _find_handed_over(
    case: Case, answers: Mapping[str, Any], after: Rendering, paths: Collection[str]
) -> list[str]:
    """Find files that the new version excludes even with the old answers.

    No changed answer removed them: they now belong to the owner.
    """
    same = case.render(answers, {}) if case.wish.data else after
    return [path for path in paths if same.is_excluded(path)]


def _make_rule(
    own: Collection[str], handed: Collection[str], base: Tree, new: Tree, after: Rendering
) -> Callable[[str], bool]:
    """Return a function that checks whether a file belongs to the owner.

    Args:
        own: Files that existed before the template.
        handed: Files that belong to the owner in the old version.
        base: Files of the old version.
        new: Files of the new version.
        after: The new version.
    """

    def is_owners(path: str) -> bool:
        # A file that belongs to the owner only from now on is merged one last time.
        is_handed = path in handed or path not in base
        is_dropped = path not in new and after.is_excluded(path)  # By a changed answer.
        return path in own or (is_handed and after.is_owners(path) and not is_dropped)

    return is_owners


def _find_restored(
    wanted: Collection[str], new: Tree, name: Callable[[str], str]
) -> Callable[[str], bool]:
    """Return a function that checks whether a file is to be restored.

    Raises:
        ValueError: The template has no such path.
    """
    found: set[str] = set()
    for path in wanted:
        start = path.removeprefix("./").rstrip("/")
        files = {it for it in new if f"{name(it)}/".startswith(f"{start}/")}
        if not files:
            raise ValueError(
                f"--restore {path}: the template has no such file or folder for these answers; "
                "use a path relative to the repository's root"
            )
        found |= files
    return found.__contains__
