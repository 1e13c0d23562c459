"""Merge the owner's edits of a renamed file at its new path, with the correct base.

Copier treats a rename as a deletion and a new file. Its update does not change the index, which
still has the owner's file afterwards; the base is rendered again.
"""

import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from project import Project, git, inside, report

LABELS = ("before updating", "last update", "after updating")
"""Copier's labels of the sides of a conflict."""


@dataclass(frozen=True)
class Entry:
    """A file in Git's index."""

    mode: str
    name: str
    """Hash of the blob."""

    stage: str

    def read(self) -> bytes:
        """Return the file's contents."""
        return git("cat-file", "blob", self.name)


def follow(project: Project, old: str, new: str, stage: str) -> None:
    """Rename a file before Git merges, or correct Copier's result afterwards."""
    if stage != ("before" if project.is_ours else "after"):
        return
    source, target = project.fill_old(old), project.fill(new)
    try:
        if project.is_ours:
            _move(project, source, target)
        elif not Path(source).exists():
            _merge(project, source, target)
    except OSError as error:
        _keep(source, f"its template version is not available: {str(error)[:200]}")


def _move(project: Project, source: str, target: str) -> None:
    """Rename the file on the owner's side; the update renames the base."""
    is_free = not list_entries(target) and not Path(target).exists()
    mine, base = list_entries(source), project.old_render(source)
    if mine and is_free and base is not None and mine[0].read() != base:
        inside(target).parent.mkdir(parents=True, exist_ok=True)
        git("mv", "--", source, target)


def _merge(project: Project, source: str, target: str) -> None:
    """Merge the owner's edits into the file that Copier wrote at its new path."""
    mine, theirs = list_entries(source), list_entries(target)
    is_written = Path(target).is_file()
    if any(entry.stage == "2" and entry.name == mine[0].name for entry in theirs if mine):
        return  # This ran before, and its conflict is unresolved.
    if not mine:
        if is_written and not theirs and project.old_render(source) is not None:
            Path(target).unlink()
            report(f"{target} was not added: you deleted or renamed {source}, its old path")
        return
    if (base := project.old_render(source)) is None:
        return  # A file of the owner's.
    text = mine[0].read()
    if not is_written or theirs:
        if text != base:
            reason = "exists already" if theirs else "is not part of the project"
            _keep(source, f"its new path is {target}, which {reason}")
            if not theirs:
                _mark(source, mine[0], base, text)
        return
    if mine[0].mode == "100755":
        Path(target).chmod(0o755)
    if text != base:
        write_merged(target, mine[0], text, base)


def keep_edited(project: Project, renamed: Iterable[str]) -> None:
    """Restore edited files that Copier deleted, and mark them as conflicts.

    In an update by copier-ml, Git detects these conflicts.
    """
    if project.is_ours:
        return
    gone = set(git("ls-files", "--deleted", "-z").decode().split("\0")[:-1])
    for path in sorted(gone.difference(renamed)):
        mine = list_entries(path)
        try:
            base = project.old_render(path)
        except OSError as error:
            _keep(path, f"its template version is not available: {str(error)[:200]}")
            continue
        if len(mine) == 1 and base is not None and (text := mine[0].read()) != base:
            _keep(path, "you edited it, and the template no longer has it")
            _mark(path, mine[0], base, text)


def write_merged(target: str, mine: Entry, text: bytes, base: bytes) -> None:
    """Merge the owner's text into the file that Copier wrote, and mark conflicts."""
    rendered = Path(target).read_bytes()
    if b"\r\n" in text and b"\r\n" not in base:
        base, theirs = (it.replace(b"\n", b"\r\n") for it in (base, rendered))
    else:
        theirs = rendered
    with TemporaryDirectory(prefix="copier-ml-merge-") as folder:
        files = [Path(folder) / name for name in ("mine", "base", "theirs")]
        for file, content in zip(files, (text, base, theirs), strict=True):
            file.write_bytes(content)
        labels = [f"-L{label}" for label in LABELS]
        command = ["git", "merge-file", "--stdout", "--diff3", *labels, "--", *map(str, files)]
        done = subprocess.run(command, capture_output=True, check=False)
    is_binary = done.returncode >= 128
    Path(target).write_bytes(text if is_binary else done.stdout)
    if done.returncode:
        _mark(target, mine, base, text, theirs)
        report(
            f"{target} is binary and was kept; to replace it: git checkout --theirs -- {target}"
            if is_binary
            else f"{target} has conflicts between your edits and the template's; resolve them"
        )


def _mark(path: str, mine: Entry, *sides: bytes) -> None:
    """Write a conflict to Git's index, with base, mine and theirs, as a merge would."""
    prefix = git("rev-parse", "--show-prefix").decode().rstrip("\n")
    rows = [f"0 {'0' * len(mine.name)}\t{prefix}{path}"]
    for stage, side in enumerate(sides, 1):
        name = git("hash-object", "-w", "--stdin", text=side).decode().strip()
        rows.append(f"{mine.mode} {name} {stage}\t{prefix}{path}")
    git("update-index", "-z", "--index-info", text="\0".join([*rows, ""]).encode())


def _keep(source: str, reason: str) -> None:
    """Restore the owner's file that Copier deleted."""
    if list_entries(source) and not Path(source).exists():
        git("checkout-index", "--", source)
    report(f"{source} was not changed: {reason}")


def list_entries(path: str) -> list[Entry]:
    """List a file's entries in Git's index: one, or the sides of a conflict."""
    listed = git("ls-files", "--stage", "-z", "--", f":(literal){path}").decode()
    rows = (row.split("\t", 1) for row in listed.split("\0")[:-1])
    # For a folder, Git lists its files.
    return [Entry(*fields.split()) for fields, name in rows if name == path]
