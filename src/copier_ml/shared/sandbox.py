"""A temporary repository in which an update is tried.

It borrows the project's objects and writes its own, so the project's repository does not change
until the update is complete.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .git import Git

AUTHOR = {
    f"GIT_{role}_{part}": text
    for role in ("AUTHOR", "COMMITTER")
    for part, text in (("NAME", "copier-ml"), ("EMAIL", "copier-ml@localhost"))
}
"""Author of commits in the sandbox; they never reach the project."""

RENAMES = ("diff-tree", "-r", "-z", "-M", "--no-rename-empty", "--diff-filter=R")
"""Detects renamed files, except empty ones, which are all alike."""

Entry = tuple[str, str]
"""Mode and object of a file, as printed by ``git ls-files --stage``."""

Tree = dict[str, Entry]
"""Files by their path, with ``/`` as separator."""


@dataclass(frozen=True)
class Sandbox:
    """A repository with an initially empty working tree."""

    folder: Path
    """Its working tree."""

    @property
    def git(self) -> Git:
        """Git in the sandbox."""
        return Git(self.folder, AUTHOR)

    def read(self, treeish: str) -> Tree:
        """List the files of a tree."""
        listed = self.git.lines("ls-tree", "-r", "-z", "--full-tree", treeish)
        pairs = (line.split("\t", 1) for line in listed)
        return {path: (facts.split()[0], facts.split()[2]) for facts, path in pairs}

    def write(self, tree: Tree) -> str:
        """Store a tree and return its hash."""
        lines = [f"{mode} {blob}\t{path}" for path, (mode, blob) in tree.items()]
        return self._index(lines, "git-index-of-a-tree")

    def add(self, folder: Path) -> Tree:
        """Store all files of a folder, including ignored ones."""
        index = self.folder / ".git" / "index-of-a-folder"
        git = Git(folder, AUTHOR | _bound(self.folder / ".git", folder, index))
        git.run("add", "--all", "--force", ".")
        tree = git.run("write-tree")
        index.unlink()
        return self.read(tree)

    def store(self, content: bytes) -> str:
        """Store a file and return its hash."""
        return self.git.run("hash-object", "-w", "--stdin", stdin=content)

    def fetch(self, blobs: Iterable[str]) -> dict[str, bytes]:
        """Read files by their hashes."""
        names = list(dict.fromkeys(blobs))
        asked = "".join(f"{name}\n" for name in names)
        output = self.git.read("cat-file", "--batch", stdin=asked)
        found: dict[str, bytes] = {}
        for name in names:
            head, _, output = output.partition(b"\n")
            size = int(head.split()[-1])
            found[name], output = output[:size], output[size + 1 :]
        return found

    def find_renames(self, old: Tree, new: Tree) -> dict[str, str]:
        """Map the old path of each renamed file to its new one, by similar contents."""
        gone = {path: entry for path, entry in old.items() if path not in new}
        if not gone:
            return {}
        come = {path: entry for path, entry in new.items() if path not in old}
        output = self.git.lines(*RENAMES, self.write(gone), self.write(come))
        return dict(zip(output[1::3], output[2::3], strict=True))

    def commit(self, tree: str, *parents: str, branch: str) -> None:
        """Commit a tree to a branch, whose name appears in conflict markers."""
        named = [word for parent in parents for word in ("-p", parent)]
        commit = self.git.run("commit-tree", tree, *named, "-m", branch)
        self.git.run("update-ref", f"refs/heads/{branch}", commit)

    def branches(self) -> list[str]:
        """List the branches."""
        return self.git.run("for-each-ref", "--format=%(refname:short)", "refs/heads").split()

    def checkout(self, tree: str) -> None:
        """Write a tree to the working tree and the index, without conversion."""
        # Attributes of the project could change files when they are stored again.
        self._attributes.parent.mkdir(exist_ok=True)
        self._attributes.write_text("* -text -filter -ident -working-tree-encoding\n")
        self.git.run("read-tree", "--reset", "-u", tree)

    def snapshot(self) -> str:
        """Store the working tree without ignored files and return its hash."""
        self.git.run("add", "--all")
        self._attributes.unlink(missing_ok=True)
        return self.git.run("write-tree")

    @property
    def _attributes(self) -> Path:
        return self.folder / ".git" / "info" / "attributes"

    def _index(self, lines: Iterable[str], name: str) -> str:
        index = self.folder / ".git" / name
        git = Git(self.folder, {"GIT_INDEX_FILE": str(index)})
        git.run("update-index", "-z", "--index-info", stdin="".join(f"{it}\0" for it in lines))
        tree = git.run("write-tree")
        index.unlink(missing_ok=True)
        return tree


def make(folder: Path, project: Git) -> Sandbox:
    """Create a sandbox for a project's repository in a new folder."""
    folder.mkdir()
    kind = project.run("rev-parse", "--show-object-format")
    Git(folder).run("init", "--quiet", "--template=", f"--object-format={kind}")
    objects = project.run("rev-parse", "--path-format=absolute", "--git-path", "objects")
    info = folder / ".git" / "objects" / "info"
    info.mkdir(parents=True, exist_ok=True)
    (info / "alternates").write_bytes(os.fsencode(f"{objects}\n"))
    return Sandbox(folder)


def _bound(repository: Path, tree: Path, index: Path) -> dict[str, str]:
    named = {"GIT_DIR": repository, "GIT_WORK_TREE": tree, "GIT_INDEX_FILE": index}
    return {name: os.fspath(path) for name, path in named.items()}
