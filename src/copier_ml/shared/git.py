"""Git with a fixed configuration, independent of the user's."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from . import disk

FIXED = {
    "color.ui": "false",
    "column.ui": "never",
    "core.attributesFile": os.devnull,
    "core.autocrlf": "false",
    "core.excludesFile": os.devnull,
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "core.quotePath": "false",
    "core.safecrlf": "false",
    "commit.gpgSign": "false",
    "diff.noprefix": "false",
    "diff.renameLimit": "7000",
    "diff.renames": "true",
    "gc.auto": "0",
    "log.showSignature": "false",
    "merge.conflictStyle": "zdiff3",
    "merge.default": "text",
    "merge.directoryRenames": "conflict",
    "merge.renameLimit": "7000",
    "merge.renames": "true",
    "merge.renormalize": "false",
    "protocol.file.allow": "always",  # Objects come from the sandbox, by its path.
    "rerere.enabled": "false",
    "submodule.recurse": "false",
    "tag.gpgSign": "false",
}
"""Settings that merges depend on. An unusual global configuration would lose edits.

All others are the user's: identity, credentials, proxy.
"""

LED = {
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_CONFIG_PARAMETERS",
    "GIT_DEFAULT_HASH",
    "GIT_DIR",
    "GIT_EXTERNAL_DIFF",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
}
"""Variables that Git sets in hooks; they would select another repository."""


OLDEST = (2, 38)
"""First version with ``git merge-tree --write-tree``."""


def check_version() -> None:
    """Require a version of Git that can merge updates.

    Raises:
        ValueError: Git is missing or too old.
    """
    needed = ".".join(map(str, OLDEST))
    if not shutil.which("git"):
        raise ValueError(f"git is not on PATH; install git {needed} or newer")
    version = Git(Path()).run("version").removeprefix("git version ")
    found = re.match(r"(\d+)\.(\d+)", version)
    if found and tuple(map(int, found.groups())) < OLDEST:
        raise ValueError(
            f"git {version} is too old to merge updates; install git {needed} or newer"
        )


class GitError(subprocess.CalledProcessError):
    """A failed Git command; ``stderr`` is text."""

    def __init__(self, done: "subprocess.CompletedProcess[bytes]", folder: Path) -> None:
        stderr = done.stderr.decode("utf-8", "replace")
        super().__init__(done.returncode, done.args, None, stderr)
        self.filename = str(folder)


def check_disk(done: "subprocess.CompletedProcess[bytes]", folder: Path) -> None:
    """Raise if Git failed because of a full disk.

    Raises:
        GitError: The disk is full.
    """
    failed = GitError(done, folder)
    if done.returncode and disk.describe(failed, failed.stderr):
        raise failed


def configured(settings: Mapping[str, str]) -> dict[str, str]:
    """Return the environment with settings of Git, without variables of another repository.

    The settings override configuration files, and follow those in the environment, which CI runners
    use for credentials.
    """
    environment = {name: text for name, text in os.environ.items() if name not in LED}
    count = environment.get("GIT_CONFIG_COUNT", "")
    first = int(count) if count.isdecimal() else 0
    for number, (key, value) in enumerate(settings.items(), first):
        environment[f"GIT_CONFIG_KEY_{number}"] = key
        environment[f"GIT_CONFIG_VALUE_{number}"] = value
    environment["GIT_CONFIG_COUNT"] = str(first + len(settings))
    return environment | {"LC_ALL": "C"}


def own_environment() -> dict[str, str]:
    """Return the environment with the fixed configuration, for Git and programs that call it."""
    environment = configured(FIXED)
    environment["GIT_LFS_SKIP_SMUDGE"] = "1"  # A merge compares pointers.
    if not (sys.stdin and sys.stdin.isatty()):
        # Without a terminal, Git must not wait for a password.
        environment["GIT_TERMINAL_PROMPT"] = "0"
    return environment


@dataclass(frozen=True)
class Git:
    """Git in one folder."""

    folder: Path
    """A working tree, or a bare repository."""

    variables: dict[str, str] = field(default_factory=dict)
    """Additional environment variables."""

    is_apart: bool = False
    """Whether commands finish even if the process group of this program is killed."""

    def apart(self) -> "Git":
        """Return the same Git for commands that must not be interrupted."""
        return replace(self, is_apart=True)

    def run(self, *arguments: str, stdin: str | bytes | None = None) -> str:
        """Run Git and return its output without the trailing newline.

        Raises:
            GitError: Git failed.
        """
        return self.read(*arguments, stdin=stdin).decode("utf-8", "surrogateescape").rstrip("\n")

    def read(self, *arguments: str, stdin: str | bytes | None = None) -> bytes:
        """Run Git and return its output as bytes."""
        done = self.attempt(*arguments, stdin=stdin)
        if done.returncode:
            raise GitError(done, self.folder)
        return done.stdout

    def attempt(
        self, *arguments: str, stdin: str | bytes | None = None
    ) -> "subprocess.CompletedProcess[bytes]":
        """Run Git and return the result, even of a failure.

        Raises:
            GitError: The disk is full.
        """
        given = stdin.encode("utf-8", "surrogateescape") if isinstance(stdin, str) else stdin
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.folder,
            env=own_environment() | self.variables,
            # Git asks for passwords on the terminal.
            stdin=subprocess.DEVNULL if given is None else None,
            input=given,
            capture_output=True,
            check=False,
            start_new_session=self.is_apart,
        )
        check_disk(done, self.folder)
        return done

    def lines(self, *arguments: str) -> list[str]:
        """Run a command with ``-z`` and return the NUL-separated items."""
        return [item for item in self.run(*arguments).split("\0") if item]
