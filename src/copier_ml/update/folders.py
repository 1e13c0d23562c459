"""Folders that the owner or a changed answer renamed.

The merge sees files at the template's paths, so Git need not detect the renames. The result has
them at the owner's paths.
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
"""An answer in the name of a template folder."""


def find_moved(sandbox: Sandbox, base: Tree, ours: Tree) -> dict[str, str]:
    """Find the template's folders that the owner renamed.

    The old folder is gone, and at least half of its files are at the same relative paths in one
    other folder that the template does not have.
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
    """Find the folders that changed answers rename.

    Args:
        template: Folder with the files of the template.
        old: The project's answers.
        new: Its answers after the update.
    """
    filled = ((_fill(path, old), _fill(path, new)) for path in _find_named(template))
    return {was: now for was, now in filled if was != now}


def find_answers(template: Path, old: Mapping[str, Any], moves: Moves) -> dict[str, str]:
    """Find the answers that give folders the names that the owner gave them."""
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
    """Yield the paths of folders named by an answer."""
    for folder in template.rglob("*{{*"):
        if folder.is_dir() and PLACEHOLDER.search(folder.name):
            yield f"{folder.relative_to(template).as_posix()}/"


def _fill(path: str, answers: Mapping[str, Any]) -> str:
    return PLACEHOLDER.sub(lambda found: str(answers.get(found[1], "")), path)


def follow(path: str, moves: Moves) -> str:
    """Return a file's path after the moves of folders."""
    for was, now in moves.items():
        if path.startswith(was):
            return now + path.removeprefix(was)
    return path


def move(tree: Tree, moves: Moves) -> Tree:
    """Return a tree after the moves of folders."""
    return {follow(path, moves): entry for path, entry in tree.items()} if moves else tree


def reverse(moves: Moves) -> dict[str, str]:
    """Return the reverse moves."""
    return {now: was for was, now in moves.items()}


def below(prefix: str, moves: Moves) -> dict[str, str]:
    """Return the moves with a prefix before each path."""
    return {prefix + was: prefix + now for was, now in moves.items()}
