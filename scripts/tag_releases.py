"""Tag the commits that released a version.

A release is a heading of CHANGELOG.md such as `## [1.2.0] - 2026-11-21`, and nothing else:
the tag follows from it. Prints one line `v1.2.0 <commit>` for each release without a tag.
"""

import argparse
import re
import subprocess

CHANGELOG = "CHANGELOG.md"
RELEASE = re.compile(r"^## \[(\d+\.\d+\.\d+)\] - \d{4}-\d{2}-\d{2}\s*$", re.MULTILINE)


def main() -> None:
    """Print the missing tags of the repository in the current folder; create them if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--apply", action="store_true", help="create the annotated tags")
    must_create = parser.parse_args().apply

    for tag, commit in find_missing().items():
        if must_create:
            _git("tag", "--annotate", "--message", tag, tag, commit)
        print(tag, commit)


def find_missing() -> dict[str, str]:
    """Return the commit of each tag that the repository lacks, oldest first.

    Raises:
        SystemExit: if the clone is shallow, where the oldest commit seems to add every heading.
    """
    if _git("rev-parse", "--is-shallow-repository").strip() == "true":
        raise SystemExit(
            "This clone is shallow and cannot tell who added a heading: git fetch --unshallow"
        )

    existing = set(_git("tag", "--list").split())
    return {tag: commit for tag, commit in find_releases().items() if tag not in existing}


def find_releases() -> dict[str, str]:
    """Return the commit that added each heading of today's changelog, oldest first.

    A heading that was withdrawn and came back belongs to the commit that brought it back.
    """
    added: dict[str, str] = {}
    # --first-parent: of a merged branch, the merge is what released it.
    for commit in _git(
        "log", "--first-parent", "--reverse", "--format=%H", "--", CHANGELOG
    ).split():
        versions = RELEASE.findall(_changelog_at(commit))
        # The newest release is at the top of a changelog.
        added = {tag: added.get(tag, commit) for tag in (f"v{it}" for it in reversed(versions))}
    return added


def _changelog_at(commit: str) -> str:
    is_there = _git("ls-tree", "--name-only", commit, "--", CHANGELOG)
    return _git("show", f"{commit}:{CHANGELOG}") if is_there else ""


def _git(*arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], check=True, stdout=subprocess.PIPE, encoding="utf-8"
    ).stdout


if __name__ == "__main__":
    main()
