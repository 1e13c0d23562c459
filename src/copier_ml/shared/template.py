"""A throw-away copy of a template's repository, with a tag for every release."""

import re
from dataclasses import dataclass
from pathlib import Path

from packaging.version import InvalidVersion, Version

from . import releases, source
from .errors import describe
from .git import Git, GitError

DESCRIBED = re.compile(r"(?P<tag>.+)-(?P<count>\d+)-g[0-9a-f]+")
"""What ``git describe`` calls a commit after a tag."""


@dataclass(frozen=True)
class Template:
    """A bare clone. Nothing else writes into it, so any number of processes can have one each."""

    folder: Path
    """Where the clone is."""

    address: str
    """Where it came from, as projects remember it."""

    url: str
    """What was cloned, which decides whether it is trusted."""

    @property
    def git(self) -> Git:
        """Git in the clone."""
        return Git(self.folder)

    def resolve(self, name: str, remedy: str = "") -> str:
        """Give the commit of a tag, a branch, a version without its ``v``, or a described commit.

        Args:
            name: Of any of these.
            remedy: What to do where there is none, instead of taking the newest release.

        Raises:
            ValueError: The template has no such commit.
        """
        for spelled in (f"refs/tags/{name}", f"refs/tags/v{name}", name):
            arguments = ("rev-parse", "--verify", "--quiet", "--end-of-options")
            found = self.git.attempt(*arguments, f"{spelled}^{{commit}}")
            if not found.returncode:
                return found.stdout.decode().strip()
        remedy = remedy or f"its newest is {self.newest()}"
        raise ValueError(f"the template {self.address} has no version {name!r}; {remedy}")

    def describe(self, commit: str) -> str:
        """Name a commit as Copier does: by its tag, or by the last one before it."""
        return self.git.run("describe", "--tags", "--always", commit)

    def version(self, commit: str) -> Version:
        """Give the version of a commit, with a ``.post`` of how far it is behind its tag."""
        return read_version(self.describe(commit))

    def newest(self) -> str:
        """Name the newest release, or ``HEAD`` where there is none."""
        tags = {_try_version(tag): tag for tag in self.git.run("tag", "--list").split()}
        known = [version for version in tags if version and not version.is_prerelease]
        return tags[max(known)] if known else "HEAD"

    def changelog(self, commit: str) -> str:
        """Read CHANGELOG.md of a commit; empty if there is none."""
        found = self.git.attempt("show", f"{commit}:CHANGELOG.md")
        return found.stdout.decode("utf-8", "replace")


def fetch(address: str, folder: Path, near: Path) -> Template:
    """Clone a template, and make the tags that its changelog has and its repository lacks.

    Args:
        address: What a project remembers: a folder, a URL, or Copier's short form of one.
        folder: Where the clone is to be; it must not exist.
        near: Folder that a relative address counts from.

    Raises:
        ValueError: There is no such repository, it refuses access, or the address is none.
    """
    url = source.clone_url(address, near)
    alone = ("--quiet", "--bare", "--template=")
    # In a folder without others: Git prefers one that is named like the URL.
    cloned = Git(folder.parent).attempt("clone", *alone, "--", url, str(folder))
    if cloned.returncode:
        reason = describe(GitError(cloned, folder))
        raise ValueError(
            f"cannot fetch the template {address}: {reason}; check the network and how git logs in"
        )
    template = Template(folder, address, url)
    if template.git.run("rev-parse", "--is-shallow-repository") == "false":
        releases.tag_missing(folder)
    return template


def read_version(described: str) -> Version:
    """Read the version out of a tag, or of what ``git describe`` says. Pure.

    Text without a version, such as a bare hash, is the version 0, like a template without a tag.
    """
    if after := DESCRIBED.fullmatch(described):
        tagged = _try_version(after["tag"])
        return Version(f"{tagged}.post{after['count']}") if tagged else Version("0")
    return _try_version(described) or Version("0")


def _try_version(tag: str) -> Version | None:
    try:
        return Version(tag)
    except InvalidVersion:
        return None
