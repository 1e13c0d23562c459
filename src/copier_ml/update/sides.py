"""The three sides of an update, with each file where the new version of the template has it.

They are rendered, migrated, and freed of names that the owner or an answer gave to folders: what is
merged then differs by what files hold, and by what the template itself moved.
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
    """What the owner asks for. Paths count from the top of the repository."""

    to: str | None = None
    """Version, tag, branch or commit of the template; None stands for the newest release."""

    data: Mapping[str, Any] = field(default_factory=dict)
    """Answers that change."""

    is_trusted: bool = False
    """Whether any template may run its code, which takes to find out what it changes."""

    accepted: Collection[str] = ()
    """Files whose edits may be lost."""

    restored: Collection[str] = ()
    """Files and folders that the owner deleted and wants back."""


@dataclass(frozen=True)
class Case:
    """What an update starts from."""

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
        """Give the project's files of the repository's."""
        prefix = self.project.prefix
        return {path.removeprefix(prefix): tree[path] for path in tree if path.startswith(prefix)}

    def render(self, answers: Mapping[str, Any], data: Mapping[str, Any]) -> Rendering:
        """Render the new version with a project's answers and those that change."""
        return render(self.template, self.new, answers, self._folder(), data)

    def render_both(self) -> tuple[Tree, set[str], Rendering]:
        """Render both versions; give the old one, what it handed over, and the new one."""
        folder = self._folder()
        before = render_beside(self.template, self.old, self.project.answers, folder)
        try:
            after = self.render(self.project.answers, self.wish.data)
            handed = before.join()
            return self.where.add(folder), handed, after
        finally:
            before.stop()  # It would write on while its folder is removed.

    def _folder(self) -> Path:
        return Path(mkdtemp(dir=self.work)) / "render"


@dataclass(frozen=True)
class Sides:
    """What is merged."""

    trees: Trees
    whole: str
    """Tree of the repository, with the owner's side in it."""

    rules: Rules
    after: Rendering
    """The new version."""

    moves: folders.Moves
    """Names that the owner gave to folders of the project."""

    offered: Mapping[str, str]
    """Answers with which the template itself would give them these names."""


def find(case: Case) -> Sides:
    """Bring both versions and the project to the same names.

    Raises:
        ValueError: An answer, or a path to restore, is not one of the template's.
    """
    where, wish, prefix = case.where, case.wish, case.project.prefix
    whole = where.read(f"{case.project.head}^{{tree}}")
    base, handed, after = case.render_both()
    moved = folders.find_moved(where, base, case.inside(whole))
    offered = folders.find_answers(after.root, case.project.answers, moved)
    if offered and offered.items() <= after.answers.items():
        # The answer says at last what the folder says: as if it had been given before.
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
    """Give the case in which the project had some answers all along."""
    from yaml import safe_dump

    known = {**case.project.answers, **answers}
    blob = case.where.store(safe_dump(known, sort_keys=False).encode())
    changed = {case.project.prefix + ANSWERS_FILE: ("100644", blob)}
    return replace(case, project=replace(case.project, answers=known)), whole | changed


def _migrate(
    case: Case, whole: Tree, base: Tree, after: Rendering
) -> tuple[Tree, dict[str, Any], Paths]:
    """Run what the template does before an update; give what the repository and answers become."""
    version = case.template.describe(case.old)
    if not has_migrations(after.worker, "before", version):
        return whole, case.project.answers, Paths()
    case.where.checkout(case.where.write(whole))
    folder = case.where.folder / case.project.prefix
    paths = migrate_before(after.worker, version, folder, case.where.write(base), case.work)
    answers = parse_answers((folder / ANSWERS_FILE).read_bytes(), folder)
    return case.where.read(case.where.snapshot()), answers, paths


def _rename(base: Tree, ours: Tree, renamed: Mapping[str, str]) -> None:
    """Give files of the base the path that the template gave them, however much it changed them.

    One that the owner did not edit needs none; one that they deleted is then deleted there, too.
    """
    for old, new in renamed.items():
        if old in base and old not in ours:
            base[new] = base.pop(old)


def _find_handed_over(
    case: Case, answers: Mapping[str, Any], after: Rendering, paths: Collection[str]
) -> list[str]:
    """Find what the new version leaves out for the old answers as well.

    That is not gone with an answer, but handed over to the owner.
    """
    same = case.render(answers, {}) if case.wish.data else after
    return [path for path in paths if same.is_excluded(path)]


def _make_rule(
    own: Collection[str], handed: Collection[str], base: Tree, new: Tree, after: Rendering
) -> Callable[[str], bool]:
    """Make what tells whether a file is the owner's from the first day on.

    Args:
        own: Files that were there before the template.
        handed: Files that the old version handed over to the owner.
        base: The old version.
        new: The new version's files.
        after: The new version.
    """

    def is_owners(path: str) -> bool:
        # What only the new version hands over is merged this once, to fit the modules around it.
        is_handed = path in handed or path not in base
        is_dropped = path not in new and after.is_excluded(path)  # By an answer that changes.
        return path in own or (is_handed and after.is_owners(path) and not is_dropped)

    return is_owners


def _find_restored(
    wanted: Collection[str], new: Tree, name: Callable[[str], str]
) -> Callable[[str], bool]:
    """Make what tells whether the owner wants a file back.

    Raises:
        ValueError: A path is none of the template's.
    """
    found: set[str] = set()
    for path in wanted:
        start = path.removeprefix("./").rstrip("/")
        files = {it for it in new if f"{name(it)}/".startswith(f"{start}/")}
        if not files:
            raise ValueError(
                f"--restore {path}: the template has no such file or folder for these answers; "
                "paths count from the top of the repository"
            )
        found |= files
    return found.__contains__
