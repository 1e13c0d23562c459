"""Git, always with the same configuration, whatever its user has set."""

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

FIXED = {
    "core.attributesFile": os.devnull,
    "core.autocrlf": "false",
    "core.excludesFile": os.devnull,
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "core.quotePath": "false",
    "core.safecrlf": "false",
    "commit.gpgSign": "false",
    "diff.noprefix": "false",
    "diff.renames": "true",
    "gc.auto": "0",
    "merge.conflictStyle": "zdiff3",
    "merge.directoryRenames": "conflict",
    "merge.renames": "true",
    "rerere.enabled": "false",
    "tag.gpgSign": "false",
}
"""What a merge depends on. A hostile global configuration loses edits, and is ten times as slow.

The rest is the user's: who they are, how they log in, which proxy they use.
"""


def fixed_environment() -> dict[str, str]:
    """Give the variables that fix Git's configuration, for Git itself and whoever calls it.

    They stand before all files. Variables of a Git that is running, such as ``GIT_DIR`` in a hook,
    would lead into another repository.
    """
    pairs = [
        item
        for number, (key, value) in enumerate(FIXED.items())
        for item in ((f"GIT_CONFIG_KEY_{number}", key), (f"GIT_CONFIG_VALUE_{number}", value))
    ]
    return dict(pairs) | {
        "GIT_CONFIG_COUNT": str(len(FIXED)),
        "GIT_LFS_SKIP_SMUDGE": "1",  # A merge compares pointers.
        "LC_ALL": "C",
    }


def own_environment() -> dict[str, str]:
    """Give the process's environment without what leads Git elsewhere, and with what is fixed."""
    led = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY")
    return {name: text for name, text in os.environ.items() if name not in led} | (
        fixed_environment()
    )


@dataclass(frozen=True)
class Git:
    """Git in one folder."""

    folder: Path
    """Where it runs: a working tree, or a bare repository."""

    variables: dict[str, str] = field(default_factory=dict)
    """Environment beside the fixed one."""

    def run(self, *arguments: str, stdin: str | bytes | None = None) -> str:
        """Run Git and return what it prints, without the last line's end.

        Raises:
            subprocess.CalledProcessError: Git failed; ``stderr`` is text.
        """
        return self.read(*arguments, stdin=stdin).decode("utf-8", "surrogateescape").rstrip("\n")

    def read(self, *arguments: str, stdin: str | bytes | None = None) -> bytes:
        """Run Git and return the bytes that it prints."""
        done = self.attempt(*arguments, stdin=stdin)
        if done.returncode:
            told = done.stderr.decode("utf-8", "replace")
            raise subprocess.CalledProcessError(done.returncode, ["git", *arguments], None, told)
        return done.stdout

    def attempt(
        self, *arguments: str, stdin: str | bytes | None = None
    ) -> "subprocess.CompletedProcess[bytes]":
        """Run Git, whether it succeeds or not."""
        given = stdin.encode("utf-8", "surrogateescape") if isinstance(stdin, str) else stdin
        return subprocess.run(
            ["git", *arguments],
            cwd=self.folder,
            env=own_environment() | self.variables,
            # Git's own questions, such as for a password, go to the terminal.
            stdin=subprocess.DEVNULL if given is None else None,
            input=given,
            capture_output=True,
            check=False,
        )

    def lines(self, *arguments: str) -> list[str]:
        """Run a command with ``-z``, and return what its NULs divide."""
        return [item for item in self.run(*arguments).split("\0") if item]
