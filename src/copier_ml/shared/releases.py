"""Releases of a template by its changelog. Needs only Git and the standard library.

A heading of CHANGELOG.md such as `## [1.2.0] - 2026-11-21` defines a release and its tag. Folders
may be bare repositories.
"""

import os
import re
import subprocess
from pathlib import Path

CHANGELOG = "CHANGELOG.md"
RELEASE = re.compile(r"^## \[(\d+\.\d+\.\d+)\] - (\d{4}-\d{2}-\d{2})[ \t]*\r?$", re.MULTILINE)
_OWN = ("-c", "tag.gpgSign=false")
"""A temporary clone must not ask for a signing key."""


def tag_missing(folder: Path) -> dict[str, str]:
    """Create an annotated tag for each release that lacks one, and return their commits."""
    missing = find_missing(folder)
    own = [*_OWN, *_identity(folder)] if missing else []
    for tag, commit in missing.items():
        _git(folder, *own, "tag", "--annotate", "--message", tag, tag, commit)
    return missing


def find_missing(folder: Path) -> dict[str, str]:
    """Return the commit of each tag that the repository lacks, oldest first.

    Raises:
        ValueError: The clone is shallow, where the oldest commit seems to add every heading.
    """
    if _git(folder, "rev-parse", "--is-shallow-repository").strip() == "true":
        raise ValueError(
            f"{folder} is a shallow clone, so the commits of releases are unknown: run 'git fetch "
            "--unshallow'"
        )

    existing = set(_git(folder, "tag", "--list").split())
    return {tag: commit for tag, commit in find_releases(folder).items() if tag not in existing}


def find_releases(folder: Path) -> dict[str, str]:
    """Return the commit that added each heading of the current changelog, oldest first.

    A heading that was removed and added again belongs to the later commit.
    """
    added: dict[str, str] = {}
    # --first-parent: a merged branch is released by its merge; -m: a merge counts as a change.
    # -G: only commits that changed a heading.
    log = ("log", "--first-parent", "-m", "--reverse", "--format=%H", r"-G^## \[[0-9]")
    for commit in _git(folder, *log, "--", CHANGELOG).split():
        tags = [f"v{version}" for version, _ in RELEASE.findall(_changelog_at(folder, commit))]
        # The newest release is at the top of a changelog.
        added = {tag: added.get(tag, commit) for tag in reversed(tags)}
    return added


def changes_between(changelog: str, old: str, new: str) -> list[tuple[str, str]]:
    """Return the releases after `old` up to `new`, newest first, with their sections.

    Args:
        changelog: Text of CHANGELOG.md.
        old: Version, with or without a leading v.
        new: Version, as `old`.

    Raises:
        ValueError: A version is invalid.
    """
    from packaging.version import Version  # Imported late: the tagging workflow has no packages.

    first, last = Version(old), Version(new)
    # Text before the first heading, then version, date and section of each release.
    _, *parts = RELEASE.split(changelog)
    found = {Version(version): text for version, text in zip(parts[::3], parts[2::3], strict=True)}
    chosen = sorted((it for it in found if first < it <= last), reverse=True)
    return [(str(version), _until_heading(found[version])) for version in chosen]


def _until_heading(text: str) -> str:
    """Cut a section at the next heading or at the links at the end."""
    section, *_ = re.split(r"^(?:## |\[[^\]]+\]: )", text, maxsplit=1, flags=re.MULTILINE)
    return section.strip()


def _changelog_at(folder: Path, commit: str) -> str:
    is_there = _git(folder, "ls-tree", "--name-only", commit, "--", CHANGELOG)
    return _git(folder, "show", f"{commit}:{CHANGELOG}") if is_there else ""


def _identity(folder: Path) -> list[str]:
    """Return options with an identity if Git has none."""
    try:
        _git(folder, "-c", "user.useConfigOnly=true", "var", "GIT_COMMITTER_IDENT")
    except subprocess.CalledProcessError:
        return ["-c", "user.name=copier-ml", "-c", "user.email=copier-ml@localhost"]
    return []


def _git(folder: Path, *arguments: str) -> str:
    # In a hook, Git's variables would name another repository.
    elsewhere = re.compile(r"GIT_(DIR|WORK_TREE|INDEX_FILE|COMMON_DIR|OBJECT_DIRECTORY|PREFIX)$")
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments],
        check=True,
        env={name: value for name, value in os.environ.items() if not elsewhere.match(name)},
        capture_output=True,
        encoding="utf-8",
    )
    return done.stdout
