"""A temporary clone of a template, with a tag for every release."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from packaging.version import InvalidVersion, Version

from . import releases, source
from .errors import describe
from .git import Git, GitError

DESCRIBED = re.compile(r"(?P<tag>.+)-(?P<count>\d+)-g[0-9a-f]+")
"""Output of ``git describe`` for a commit after a tag."""


@dataclass(frozen=True)
class Template:
    """A bare clone that only one process uses."""

    folder: Path
    """Folder of the clone."""

    address: str
    """Its source, as projects record it."""

    url: str
    """The URL that was cloned, on which trust depends."""

    @property
    def git(self) -> Git:
        """Git in the clone."""
        return Git(self.folder)

    def resolve(self, name: str, remedy: str = "") -> str:
        """Return the commit of a tag, a branch, a version without ``v``, or a described commit.

        Args:
            name: Name of any of these.
            remedy: Fix for the error message, instead of the newest release.

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
        """Describe a commit as Copier does: by its tag, or by the last tag before it."""
        return self.git.run("describe", "--tags", "--always", commit)

    def version(self, commit: str) -> Version:
        """Return the version of a commit, with its distance from the tag as ``.post``."""
        return read_version(self.describe(commit))

    def newest(self) -> str:
        """Return the tag of the newest release, or ``HEAD`` if there is none."""
        tags = {_try_version(tag): tag for tag in self.git.run("tag", "--list").split()}
        known = [version for version in tags if version and not version.is_prerelease]
        return tags[max(known)] if known else "HEAD"

    def check_out(self, commit: str) -> Path | None:
        """Check out a commit beside the clone, once per process; None if it has submodules."""
        if self.git.run("ls-tree", commit, ".gitmodules"):
            return None
        folder = self.folder.with_name(f"{commit}-{os.getpid()}")
        if not folder.exists():
            quiet = ("--quiet", "--template=", "--shared", "--no-checkout")
            self.git.run("clone", *quiet, "--", str(self.folder), str(folder))
            Git(folder).run("checkout", "--quiet", "--detach", commit)
        return folder.resolve()

    def changelog(self, commit: str) -> str:
        """Read CHANGELOG.md of a commit; empty if there is none."""
        found = self.git.attempt("show", f"{commit}:CHANGELOG.md")
        return found.stdout.decode("utf-8", "replace")


def fetch(address: str, folder: Path, near: Path) -> Template:
    """Clone a template, and add tags for releases that only its changelog has.

    Args:
        address: A project's record: a folder, a URL, or Copier's short form of one.
        folder: Folder for the clone; it must not exist.
        near: Base of a relative address.

    Raises:
        ValueError: The repository does not exist or denies access, or the address is invalid.
    """
    url = source.clone_url(address, near)
    alone = ("--quiet", "--bare", "--template=")
    # In an empty folder: Git prefers a folder named like the URL.
    cloned = Git(folder.parent).attempt("clone", *alone, "--", url, str(folder))
    if cloned.returncode:
        reason = describe(GitError(cloned, folder))
        raise ValueError(
            f"cannot fetch the template {address}: {reason}; check the network and Git's login"
        )
    template = Template(folder, address, url)
    if template.git.run("rev-parse", "--is-shallow-repository") == "false":
        releases.tag_missing(folder)
    return template


def read_version(described: str) -> Version:
    """Parse the version in a tag or in the output of ``git describe``. Pure.

    Text without a version, such as a bare hash, is version 0.
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
