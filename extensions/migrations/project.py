"""The project that is migrated: its answers, what git knows of it, and its old render."""

import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml


@dataclass
class Project:
    """The project in the current folder, which may be a folder of its repository.

    Copier does not change the index, which still has the owner's files after an update.
    """

    answers_file: str

    @cached_property
    def is_ours(self) -> bool:
        """Whether `copier-ml update` runs this: Git then detects renames and merges."""
        return bool(os.environ.get("COPIER_ML_UPDATE"))

    @cached_property
    def old_answers(self) -> dict[str, Any]:
        """Answers before the update."""
        return _load(git("show", f":./{self.answers_file}"))

    def fill(self, path: str) -> str:
        """Fill a path with the current answers."""
        return path.format_map(_load(Path(self.answers_file).read_bytes()))

    def fill_old(self, path: str) -> str:
        """Fill a path with the answers before the update."""
        return path.format_map(self.old_answers)

    def old_render(self, path: str) -> bytes | None:
        """Return a file as rendered by the last update; None if it was not rendered.

        `COPIER_ML_OLD` may name the tree of that render, which is faster than rendering again.

        Raises:
            OSError: The old version cannot be rendered.
        """
        if tree := os.environ.get("COPIER_ML_OLD"):
            return git_or_none("cat-file", "blob", f"{tree}:{path}")
        file = self._rendered / path
        return file.read_bytes() if file.is_file() else None

    @cached_property
    def _rendered(self) -> Path:
        from copier import run_copy
        from copier.errors import CopierError

        self._folder = TemporaryDirectory(prefix="copier-ml-old-")  # Lives as long as this object.
        try:
            run_copy(
                self.old_answers["_src_path"],
                self._folder.name,
                data={k: v for k, v in self.old_answers.items() if not k.startswith("_")},
                vcs_ref=self.old_answers["_commit"],
                defaults=True,
                overwrite=True,
                quiet=True,
                skip_tasks=True,
                unsafe=True,  # The user trusted it for this update.
            )
        except (CopierError, ValueError) as error:
            raise OSError(str(error)) from error
        return Path(self._folder.name)


def inside(path: str | Path) -> Path:
    """Return a path after checking that it is inside the project, which may be untrusted.

    Raises:
        OSError: It leads out of the project, through a link or ``..``.
    """
    if Path(path).resolve().is_relative_to(Path.cwd().resolve()):
        return Path(path)
    raise OSError(f"{path} leads out of the project")


def git(*arguments: str, text: bytes | None = None) -> bytes:
    """Run Git in the project and return its output."""
    return subprocess.run(
        ["git", *arguments], input=text, check=True, stdout=subprocess.PIPE
    ).stdout


def git_or_none(*arguments: str) -> bytes | None:
    """Run Git and return its output, or None if it fails."""
    done = subprocess.run(["git", *arguments], capture_output=True, check=False)
    return None if done.returncode else done.stdout


def report(line: str) -> None:
    """Report what the owner has to do."""
    print(line, file=sys.stderr)


def _load(text: bytes) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded
