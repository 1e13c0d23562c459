"""Merge the template's changes into the project.

Git merges three trees: the render of the old version (base), the render of the new one (new), and
the project. Files that are up to the owner are first removed from the two renders, so that Git sees
no change of the template there.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from copier_ml.shared.git import GitError
from copier_ml.shared.project import ANSWERS_FILE
from copier_ml.shared.sandbox import Entry, Sandbox, Tree

from . import deleted
from .deleted import Part

TEXTS = {"100644", "100755"}
"""Modes of regular files."""

OURS = "your-project"
"""Label of the owner's side in conflict markers."""

SUBMODULE = "160000"


@dataclass(frozen=True)
class Trees:
    """The three sides of a merge; paths are relative to the project."""

    base: Tree
    new: Tree
    ours: Tree


@dataclass(frozen=True)
class Conflict:
    """A file and the reason for its conflict, or why it was left alone."""

    path: str
    reason: str


@dataclass
class Merge:
    """The result of a merge."""

    tree: str
    """Tree of the repository; conflicting files have markers."""

    conflicts: list[Conflict] = field(default_factory=list)

    stages: list[str] = field(default_factory=list)
    """Lines of ``git update-index --index-info`` for conflicting files."""

    lost: list[str] = field(default_factory=list)
    """Files whose edits would be lost, for which an update is refused."""

    def follow(self, name: Callable[[str], str]) -> "Merge":
        """Return the same with renamed files, except in the tree."""
        stages = (line.partition("\t") for line in self.stages)
        return Merge(
            self.tree,
            [Conflict(name(it.path), it.reason) for it in self.conflicts],
            [f"{facts}{tab}{name(path)}" for facts, tab, path in stages],
            [name(path) for path in self.lost],
        )


@dataclass(frozen=True)
class Rules:
    """The owner's decisions. Paths are relative to the project."""

    is_owners: Callable[[str], bool]
    """Checks whether a file belongs to the owner."""

    is_restored: Callable[[str], bool]
    """Checks whether a deleted file is to be restored."""

    kept: Collection[str]
    """Unedited files of the owner that stay, because related files were edited."""

    parts: Mapping[str, Part]
    """Optional parts of the template, with a matcher of their files."""

    name: Callable[[str], str]
    """Returns the owner's path of a file, relative to the repository's root."""


def settle(sandbox: Sandbox, trees: Trees, rules: Rules) -> tuple[Trees, list[Conflict]]:
    """Apply the owner's decisions to the two renders.

    - A deleted file stays deleted, even under a new name. So do new files in a folder or a part
      that the owner deleted completely.
    - A file that belongs to the owner stays as it is once it, or a related file, was edited.
    - The answers file belongs to the template.
    - A file that the owner converted to CRLF has CRLF on all sides.
    """
    base, new, ours = dict(trees.base), dict(trees.new), trees.ours
    moved, renamed = (sandbox.find_renames(base, side) for side in (ours, new))
    gone = [path for path in base if path not in ours and path not in moved]
    kept = list(_keep_out(base, new, gone, renamed, rules))
    for path in [*base, *(path for path in new if path not in base)]:
        touched = path in moved or (path in ours and ours[path] != base.get(path))
        touched = touched or (path in rules.kept and path in ours)
        if touched and path != ANSWERS_FILE and rules.is_owners(path):
            if base.get(path) != new.get(path):
                kept.append(Conflict(path, "it is yours"))
            _leave(path, base, new)
            if (target := renamed.get(path)) in new:
                # The template decides on the name, not on the contents.
                new[target] = new.pop(path)
    if ANSWERS_FILE in ours:
        base[ANSWERS_FILE] = ours[ANSWERS_FILE]
    _match_line_ends(sandbox, base, new, ours, renamed)
    return Trees(base, new, ours), kept


def _leave(path: str, base: Tree, new: Tree) -> None:
    """Undo the template's change of a file."""
    if path in base:
        new[path] = base[path]
    else:
        new.pop(path)


def _keep_out(
    base: Tree, new: Tree, gone: Collection[str], renamed: Mapping[str, str], rules: Rules
) -> Iterator[Conflict]:
    """Remove deleted files from both renders, unless they are to be restored."""
    wanted = [path for path in gone if rules.is_restored(path)]
    for path, whole in list(deleted.find(base, new, gone, rules.parts)):
        if not rules.is_restored(path):
            add = f"'--restore {rules.name(path)}' adds it"
            yield Conflict(path, f"you deleted {whole}; {add}")
            del new[path]
    for path in gone:
        before = base.pop(path)
        if path in wanted:
            continue
        if path in new and new.pop(path) != before:
            yield Conflict(path, "you deleted it")
        if (target := renamed.get(path)) and target in new:
            yield Conflict(target, f"you deleted it as {path}")
            del new[target]


def _match_line_ends(
    sandbox: Sandbox, base: Tree, new: Tree, ours: Tree, renamed: dict[str, str]
) -> None:
    edited = [path for path in base if path in ours and ours[path] != base[path]]
    edited = [path for path in edited if {ours[path][0], base[path][0]} <= TEXTS]
    blobs = sandbox.fetch(tree[path][1] for path in edited for tree in (base, ours))
    for path in edited:
        if _ends_with_crlf(blobs[ours[path][1]]) and not _ends_with_crlf(blobs[base[path][1]]):
            for tree, name in ((base, path), (new, renamed.get(path, path))):
                if name in tree and tree[name][0] in TEXTS:
                    mode, blob = tree[name]
                    tree[name] = mode, sandbox.store(_with_crlf(sandbox.fetch([blob])[blob]))


def _ends_with_crlf(text: bytes) -> bool:
    return b"\0" not in text and 0 < text.count(b"\n") == text.count(b"\r\n")


def _with_crlf(content: bytes) -> bytes:
    if b"\0" in content:
        return content
    return content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def merge(sandbox: Sandbox, trees: Trees, whole: str, prefix: str, theirs: str) -> Merge:
    """Merge the three sides.

    Args:
        sandbox: Repository for the merge.
        trees: The sides, after ``settle``.
        whole: Tree of the repository that has the project.
        prefix: Path of the project in it, empty or with a trailing ``/``.
        theirs: Label of the template's side in conflict markers.
    """
    tops = [sandbox.write({prefix + path: entry for path, entry in tree.items()})
            for tree in (trees.base, trees.new)]  # fmt: skip
    sandbox.commit(tops[0], branch="base")
    for tree, name in ((whole, OURS), (tops[1], theirs)):
        sandbox.commit(tree, "base", branch=name)
    done = sandbox.git.attempt("merge-tree", "--write-tree", "-z", "--messages", OURS, theirs)
    if done.returncode not in (0, 1):
        raise GitError(done, sandbox.folder)
    tree, *facts = done.stdout.decode("utf-8", "surrogateescape").split("\0")
    end = facts.index("") if "" in facts else len(facts)
    result = Merge(tree)
    if done.returncode:
        result.stages = facts[:end]
        result.conflicts = _read_conflicts(sandbox, result.stages, facts[end + 1 :])
    result.lost = _find_lost(sandbox, trees, result, prefix)
    return result


def _read_conflicts(
    sandbox: Sandbox, stages: Sequence[str], messages: Sequence[str]
) -> list[Conflict]:
    """Return each conflicting file with its reason."""
    sides: dict[str, dict[str, str]] = {}
    for line in stages:
        facts, _, path = line.partition("\t")
        mode, blob, stage = facts.split()
        sides.setdefault(path, {})[stage] = blob if mode != SUBMODULE else ""
    found = [Conflict(path, _reason(sandbox, path, sides[path])) for path in sides]
    # Git reports a renamed folder without a conflicting file.
    for kind, text in _read_messages(messages):
        if kind.startswith("CONFLICT (directory rename"):
            found.append(Conflict(text.split(": ", 1)[-1].strip(), "a folder was renamed"))
    return found


def _read_messages(items: Sequence[str]) -> list[tuple[str, str]]:
    """Read pairs of kind and text: ``<count> <path>... <kind> <text>``."""
    found = []
    rest = list(items)
    while rest and rest[0].isdigit():
        count = int(rest[0])
        found.append((rest[count + 1], rest[count + 2]))
        rest = rest[count + 3 :]
    return found


def _reason(sandbox: Sandbox, path: str, sides: dict[str, str]) -> str:
    texts = sandbox.fetch(filter(None, sides.values())).values()
    if {"2", "3"} <= sides.keys() and any(b"\0" in text for text in texts):
        return "a binary file that you and the template changed: yours is kept"
    match "".join(sorted(sides)):
        case "12":
            return "you changed it, the template deleted or renamed it"
        case "13":
            return "you deleted or renamed it, the template changed it"
        case "23":
            return "you and the template added it"
        case "123":
            return "you and the template changed the same lines"
        case "2" if path.endswith(f"~{OURS}"):
            return "your file has the name of a folder of the template"
        case "3" if "~template-" in path:
            return "the template's file has the name of a folder of yours"
        case _:
            return "you and the template renamed it"


def _find_lost(sandbox: Sandbox, trees: Trees, result: Merge, prefix: str) -> list[str]:
    """Find edits of the owner that are missing in the result without a conflict.

    A file that equals the new render, while the owner's differed from both renders, lost its edits,
    unless the template made the same ones, such as a backported fix or a bumped version.
    """
    merged = sandbox.read(result.tree)
    # If one side has a file and the other a folder of that name, Git renames the file.
    open_paths = {conflict.path.removesuffix(f"~{OURS}") for conflict in result.conflicts}
    # A file that was only renamed has no edits.
    sources = {new: old for old, new in sandbox.find_renames(trees.base, trees.ours).items()}
    mine = {
        path: entry
        for path, entry in trees.ours.items()
        if entry != trees.base.get(path) and entry != trees.base.get(sources.get(path, path))
    }
    lost = []
    for path, entry in mine.items():
        if prefix + path in open_paths or path == ANSWERS_FILE or trees.new.get(path) == entry:
            continue
        got = merged.get(prefix + path)
        if got is None and path in trees.base and path not in trees.new:
            got = _follow(sandbox, trees, merged, prefix, path)
        is_new = got is not None and got == trees.new.get(path) and got != entry
        if got is None or (is_new and not _keeps(sandbox, trees.base.get(path), entry, got)):
            lost.append(prefix + path)
    return lost


def _keeps(sandbox: Sandbox, base: Entry | None, ours: Entry, got: Entry) -> bool:
    """Check whether a file has all of the owner's edits: its mode, and each hunk."""
    modes = {got[0]} if base is None else {got[0], base[0]}
    blobs = sandbox.fetch(entry[1] for entry in (base, ours, got) if entry)
    return ours[0] in modes and has_hunks(
        blobs[base[1]] if base else b"", blobs[ours[1]], blobs[got[1]]
    )


def has_hunks(base: bytes, ours: bytes, result: bytes) -> bool:
    """Check whether ``result`` has each hunk of the diff from ``base`` to ``ours``. Pure.

    It has a hunk if it has the added lines and none of the removed ones, in the same context.
    """
    old, mine, new = (text.splitlines(keepends=True) for text in (base, ours, result))
    went = set(range(len(old))) - _matched(old, new)
    stayed = _matched(mine, new)
    hunks = SequenceMatcher(None, old, mine, autojunk=False).get_opcodes()
    return all(
        went.issuperset(range(*gone)) and stayed.issuperset(range(*come))
        for tag, *ends in hunks
        if tag != "equal"
        for gone, come in [(ends[:2], ends[2:])]
    )


def _matched(lines: list[bytes], others: list[bytes]) -> set[int]:
    """Return the numbers of the lines that another text has in the same order."""
    blocks = SequenceMatcher(None, lines, others, autojunk=False).get_matching_blocks()
    return {n for start, _, size in blocks for n in range(start, start + size)}


def _follow(sandbox: Sandbox, trees: Trees, merged: Tree, prefix: str, path: str) -> Entry | None:
    """Return the file at the template's new path, unless its edits are lost there."""
    target = sandbox.find_renames(trees.base, trees.new).get(path)
    got = merged.get(f"{prefix}{target}") if target else None
    return None if target is None or got == trees.new.get(target) else got
