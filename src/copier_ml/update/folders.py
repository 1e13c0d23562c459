"""Folders that have another name than the template gave them, by the owner's hand or by an answer.

A folder that moved is one fact. The merge sees its files where the template has them, so that Git
need not guess anything, and the result has them where the owner has them.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from copier_ml.shared.sandbox import Sandbox, Tree

Moves = Mapping[str, str]
"""New path of each folder. All paths end with ``/``."""

PLACEHOLDER = re.compile(r"\{\{ *(\w+) *\}\}")
"""An answer in the name of a template's folder."""


def find_moved(sandbox: Sandbox, base: Tree, ours: Tree) -> dict[str, str]:
    """Find the template's folders that the owner gave another name.

    Such a folder is gone, and at least half of its files are in one other folder, at the same paths
    below it, where the template has nothing.
    """
    found: Counter[tuple[str, str]] = Counter()
    for old, new in sandbox.find_renames(base, ours).items():
        was, now = old.split("/"), new.split("/")
        while was and now and was[-1] == now[-1]:
            was.pop()
            now.pop()
        if was and now and old.endswith(f"/{new.rpartition('/')[2]}"):
            found["/".join(was) + "/", "/".join(now) + "/"] += 1
    moved: dict[str, str] = {}
    for (was_in, now_in), count in found.most_common():
        size = sum(path.startswith(was_in) for path in base)
        is_gone = not any(path.startswith(was_in) for path in ours)
        is_new = not any(path.startswith(now_in) for path in base)
        if 2 * count >= size and is_gone and is_new:
            moved.setdefault(was_in, now_in)
    return moved


def find_answered(template: Path, old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, str]:
    """Find the folders whose names follow from answers that change.

    Args:
        template: Folder with the files of the template.
        old: Answers of the project.
        new: Answers that it is going to have.
    """
    filled = ((_fill(path, old), _fill(path, new)) for path in _find_named(template))
    return {was: now for was, now in filled if was != now}


def find_answers(template: Path, old: Mapping[str, Any], moves: Moves) -> dict[str, str]:
    """Find the answers with which the template would name folders as they were moved by hand."""
    found = {}
    for path in _find_named(template):
        start, name, end = path.partition(PLACEHOLDER.search(path)[0])  # type: ignore[index]
        now = moves.get(_fill(path, old), "")
        if now.startswith(start) and now.endswith(end) and len(now) > len(start + end):
            answer = now[len(start) : len(now) - len(end)]
            if answer.isidentifier():
                found[PLACEHOLDER.sub(r"\1", name)] = answer
    return found


def _find_named(template: Path) -> Iterator[str]:
    """Give the paths of the folders that are named by an answer."""
    for folder in template.rglob("*{{*"):
        if folder.is_dir() and PLACEHOLDER.search(folder.name):
            yield f"{folder.relative_to(template).as_posix()}/"


def _fill(path: str, answers: Mapping[str, Any]) -> str:
    return PLACEHOLDER.sub(lambda found: str(answers.get(found[1], "")), path)


def follow(path: str, moves: Moves) -> str:
    """Give the path of a file after its folder moved."""
    for was, now in moves.items():
        if path.startswith(was):
            return now + path.removeprefix(was)
    return path


def move(tree: Tree, moves: Moves) -> Tree:
    """Give the files of a tree the paths that they have after folders moved."""
    return {follow(path, moves): entry for path, entry in tree.items()} if moves else tree


def reverse(moves: Moves) -> dict[str, str]:
    """Give the way back."""
    return {now: was for was, now in moves.items()}


def below(prefix: str, moves: Moves) -> dict[str, str]:
    """Give the same moves with paths that count from further up."""
    return {prefix + was: prefix + now for was, now in moves.items()}
