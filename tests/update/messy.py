"""A template with two releases, and an owner who does to a project what comes to mind."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conftest import git
from hypothesis import strategies as st
from updates import Files, write

GITLINK = "1234567890123456789012345678901234567890"
RENAMED = {"old-name.txt": "new-name.txt"}
"""What the template gives another name."""

COUNTS = {
    "src/a.py": 40,
    "src/b.py": 30,
    "pyproject.toml": 40,
    ".github/workflows/ci.yml": 30,
    "README.md": 25,
    "tool.log": 20,
    "old-name.txt": 30,
    "gone.txt": 20,
    "owned.txt": 20,
}
CHANGED = {
    "src/a.py": (3, 20, 38),
    "pyproject.toml": (12,),
    ".github/workflows/ci.yml": (1, 30),
    "tool.log": (10,),
    "old-name.txt": (15,),
    "owned.txt": (5,),
}


def release(*, is_second: bool) -> Files:
    """Files of a release; no two lines in them are the same."""
    files: Files = {"picture.bin": b"\0two\n" if is_second else b"\0one\n"}
    for name, count in COUNTS.items():
        changed = CHANGED.get(name, ()) if is_second else ()
        lines = [f"{name} {n}{' theirs' if n in changed else ''}" for n in range(1, count + 1)]
        if is_second and name == "src/b.py":
            lines[10:10] = ["src/b.py theirs, more", "src/b.py theirs, and more"]
        files[name] = "\n".join([*lines, ""])
    if is_second:
        del files["gone.txt"]
        files["new.txt"] = "theirs\n"
        files["folder/new.txt"] = "theirs, too\n"
        for old, new in RENAMED.items():
            files[new] = files.pop(old)
    return files


PATHS = sorted(release(is_second=False))
GENTLE = ["insert", "insert", "append", "rename", "chmod", "windows", "own", "ignore", "submodule"]
"""Edits that mostly leave a merge without a conflict."""

KINDS = [*GENTLE, "replace", "cut", "delete", "binary", "link", "new", "untracked"]


def some_edits(kinds: list[str], most: int) -> st.SearchStrategy[list[Any]]:
    """Edits: the kind, a file of the template, a line in it, and how many lines."""
    edit = st.tuples(
        st.sampled_from(kinds), st.sampled_from(PATHS), st.integers(0, 40), st.integers(1, 3)
    )
    return st.lists(edit, min_size=1, max_size=most)


EDITS = some_edits(GENTLE, 6) | some_edits(KINDS, 12)


@dataclass
class Owner:
    """Makes edits, whose lines are each another one."""

    project: Path
    count: int = 0

    def line(self) -> str:
        self.count += 1
        return f"mine-{self.count};"

    def make(self, kind: str, name: str, position: int, times: int) -> None:
        """Edit a file, if it still has this name and this kind of edit is possible."""
        path = self.project / name
        is_there = path.is_file() and not path.is_symlink()
        if kind in {"insert", "replace", "cut", "append", "windows"}:
            if is_there and b"\0" not in path.read_bytes():
                self._edit(path, kind, position, times)
        elif kind in {"own", "new", "untracked", "ignore", "submodule"}:
            self._add(kind, name, position)
        elif is_there:
            self._replace(path, kind, position)

    def _edit(self, path: Path, kind: str, position: int, times: int) -> None:
        text = path.read_bytes().decode()
        lines = text.splitlines(keepends=True)
        end = "\r\n" if text.endswith("\r\n") else "\n"
        at = min(position, len(lines)) if kind != "append" else len(lines)
        mine = [self.line() + end for _ in range(times if kind != "cut" else 0)]
        lines[at : at + (0 if kind in {"insert", "append"} else times)] = mine
        if kind == "windows":
            lines = [line.rstrip("\r\n") + "\r\n" for line in text.splitlines()]
        path.write_bytes("".join(lines).encode())

    def _add(self, kind: str, name: str, position: int) -> None:
        if kind == "own":
            write(self.project, {f"mine/{self.count}/x.py": f"{self.line()}\n"})
        elif kind == "new" and position % 2:
            write(self.project, {"new.txt": f"{self.line()}\n"})
        elif kind == "new" and not (self.project / "folder").exists():
            write(self.project, {"folder": f"{self.line()}\n"})
        elif kind == "untracked":
            write(self.project, {".gitignore": f"{self.line()}\nnew.txt\n*.mine\n"})
            write(self.project, {f"{self.count}.mine": f"{self.line()}\n"})
        elif kind == "ignore":
            write(self.project, {".gitignore": f"{self.line()}\n{name}\n*.log\n"})
        elif kind == "submodule":
            entry = f"160000,{GITLINK},vendored/{position}"
            git("update-index", "--add", "--cacheinfo", entry, folder=self.project)
            (self.project / "vendored" / str(position)).mkdir(parents=True, exist_ok=True)

    def _replace(self, path: Path, kind: str, position: int) -> None:
        if kind == "chmod":
            path.chmod(path.stat().st_mode ^ 0o111)
            return
        if kind == "rename":
            target = self.project / ["mine", "src", "."][position % 3] / f"{position}-{path.name}"
            target.parent.mkdir(exist_ok=True)
            path.rename(target)
            return
        path.unlink()
        if kind == "binary":
            path.write_bytes(f"\0{self.line()}\n".encode())
        elif kind == "link":
            path.symlink_to(self.line())


def mine(content: bytes) -> set[str]:
    """Lines of the owner in a file."""
    return {found.decode() for found in re.findall(rb"mine-\d+;", content)}


def merge_lines(base: bytes, ours: bytes, theirs: bytes) -> set[bytes]:
    """Lines that a merge has where each line of a side is another one."""
    one, mine, other = ({*text.splitlines()} for text in (base, ours, theirs))
    return (mine & other) | (mine - one) | (other - one)
