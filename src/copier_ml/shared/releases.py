"""Releases of a template, as its changelog tells them. Needs git and the standard library alone.

A release is a heading of CHANGELOG.md such as `## [1.2.0] - 2026-11-21`, and nothing else: the tag
follows from it. Folders may be bare repositories.
"""

import os
import re
import subprocess
from pathlib import Path

CHANGELOG = "CHANGELOG.md"
RELEASE = re.compile(r"^## \[(\d+\.\d+\.\d+)\] - (\d{4}-\d{2}-\d{2})[ \t]*\r?$", re.MULTILINE)
_OWN = ("-c", "tag.gpgSign=false")
"""A throw-away clone asks for no signing key."""


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
        ValueError: if the clone is shallow, where the oldest commit seems to add every heading.
    """
    if _git(folder, "rev-parse", "--is-shallow-repository").strip() == "true":
        raise ValueError(
            f"{folder} is a shallow clone and cannot tell who added a heading: "
            "git fetch --unshallow"
        )

    existing = set(_git(folder, "tag", "--list").split())
    return {tag: commit for tag, commit in find_releases(folder).items() if tag not in existing}


def find_releases(folder: Path) -> dict[str, str]:
    """Return the commit that added each heading of today's changelog, oldest first.

    A heading that was withdrawn and came back belongs to the commit that brought it back.
    """
    added: dict[str, str] = {}
    # --first-parent: of a merged branch, the merge is what released it; -m: it counts as a change.
    # -G: only these commits touched a heading.
    log = ("log", "--first-parent", "-m", "--reverse", "--format=%H", r"-G^## \[[0-9]")
    for commit in _git(folder, *log, "--", CHANGELOG).split():
        tags = [f"v{version}" for version, _ in RELEASE.findall(_changelog_at(folder, commit))]
        # The newest release is at the top of a changelog.
        added = {tag: added.get(tag, commit) for tag in reversed(tags)}
    return added


def changes_between(changelog: str, old: str, new: str) -> list[tuple[str, str]]:
    """Return each release that `new` has and `old` lacks, newest first, with what it says.

    Args:
        changelog: Text of CHANGELOG.md.
        old: Version, with or without a leading v.
        new: As `old`, and the last one that is included.

    Raises:
        ValueError: if a version is none.
    """
    from packaging.version import Version  # Not where the forge tags: it has a bare Python.

    first, last = Version(old), Version(new)
    # Text before the first heading, and then version, date and section of each one.
    _, *parts = RELEASE.split(changelog)
    found = {Version(version): text for version, text in zip(parts[::3], parts[2::3], strict=True)}
    chosen = sorted((it for it in found if first < it <= last), reverse=True)
    return [(str(version), _until_heading(found[version])) for version in chosen]


def _until_heading(text: str) -> str:
    """Cut what follows a section: a heading that is no release, or links at the end."""
    section, *_ = re.split(r"^(?:## |\[[^\]]+\]: )", text, maxsplit=1, flags=re.MULTILINE)
    return section.strip()


def _changelog_at(folder: Path, commit: str) -> str:
    is_there = _git(folder, "ls-tree", "--name-only", commit, "--", CHANGELOG)
    return _git(folder, "show", f"{commit}:{CHANGELOG}") if is_there else ""


def _identity(folder: Path) -> list[str]:
    """Give git an identity where it has none, as on a new machine."""
    try:
        _git(folder, "-c", "user.useConfigOnly=true", "var", "GIT_COMMITTER_IDENT")
    except subprocess.CalledProcessError:
        return ["-c", "user.name=copier-ml", "-c", "user.email=copier-ml@localhost"]
    return []


def _git(folder: Path, *arguments: str) -> str:
    # In a hook, git's own variables would name another repository than the folder's.
    elsewhere = re.compile(r"GIT_(DIR|WORK_TREE|INDEX_FILE|COMMON_DIR|OBJECT_DIRECTORY|PREFIX)$")
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments],
        check=True,
        env={name: value for name, value in os.environ.items() if not elsewhere.match(name)},
        capture_output=True,
        encoding="utf-8",
    )
    return done.stdout
