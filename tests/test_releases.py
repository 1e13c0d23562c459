"""Which commits `scripts/tag_releases.py` tags, in throw-away repositories."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "scripts" / "tag_releases.py"
RELEASE_1 = "## [1.0.0] - 2026-01-01\n"
RELEASE_2 = "## [1.1.0] - 2026-02-02\n"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty repository that heeds no user's configuration and no running git hook."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    for name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"):
        monkeypatch.setenv(name, os.devnull)
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Ada")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "ada@example.com")
    path = tmp_path / "repository"
    path.mkdir()
    git(path, "init", "--quiet", "--initial-branch=main")
    return path


def test_the_commit_that_added_a_heading_is_tagged(repository: Path) -> None:
    commit(repository, "## [Unreleased]\n")
    first = commit(repository, "## [Unreleased]\n" + RELEASE_1)
    commit(repository, "## [Unreleased]\n- A typo, mended\n" + RELEASE_1)
    second = commit(repository, RELEASE_2 + RELEASE_1)

    assert missing_tags(repository) == [("v1.0.0", first), ("v1.1.0", second)]


def test_a_tagged_release_is_left_alone(repository: Path) -> None:
    first = commit(repository, RELEASE_1)
    git(repository, "tag", "v1.0.0", first)
    second = commit(repository, RELEASE_2 + RELEASE_1)

    assert missing_tags(repository) == [("v1.1.0", second)]


def test_tags_are_created_only_when_asked_for(repository: Path) -> None:
    first = commit(repository, RELEASE_1)
    commit(repository, "- One more line\n" + RELEASE_1)

    assert missing_tags(repository) == [("v1.0.0", first)]
    assert git(repository, "tag") == ""

    missing_tags(repository, "--apply")
    assert git(repository, "cat-file", "-t", "v1.0.0") == "tag"
    assert git(repository, "rev-parse", "v1.0.0^{commit}") == first
    assert missing_tags(repository) == []


def test_a_withdrawn_release_is_not_tagged_until_it_comes_back(repository: Path) -> None:
    commit(repository, RELEASE_1)
    commit(repository, "## [Unreleased]\n")
    assert missing_tags(repository) == []

    git(repository, "rm", "--quiet", "CHANGELOG.md")
    git(repository, "commit", "--quiet", "--message=drop the changelog")
    back = commit(repository, RELEASE_1)
    assert missing_tags(repository) == [("v1.0.0", back)]


def test_releases_of_one_commit_come_oldest_first(repository: Path) -> None:
    both = commit(repository, "## [1.10.0] - 2026-03-03\n## [1.9.0] - 2026-02-02\n")

    assert missing_tags(repository) == [("v1.9.0", both), ("v1.10.0", both)]


def test_a_merged_release_is_the_merge(repository: Path) -> None:
    commit(repository, "## [Unreleased]\n")
    git(repository, "switch", "--quiet", "--create=release")
    commit(repository, RELEASE_1)
    git(repository, "switch", "--quiet", "main")
    git(repository, "merge", "--quiet", "--no-ff", "--message=merge", "release")

    assert missing_tags(repository) == [("v1.0.0", git(repository, "rev-parse", "HEAD"))]


@pytest.mark.parametrize(
    "heading", ["## [1.0] - 2026-01-01", "## [1.0.0]", "### [1.0.0] - 2026-01-01"]
)
def test_other_headings_are_no_releases(repository: Path, heading: str) -> None:
    commit(repository, heading + "\n")

    assert missing_tags(repository) == []


def test_a_shallow_clone_is_refused(repository: Path, tmp_path: Path) -> None:
    commit(repository, RELEASE_1)
    commit(repository, RELEASE_2 + RELEASE_1)
    git(tmp_path, "clone", "--quiet", "--depth=1", repository.as_uri(), "shallow")

    with pytest.raises(subprocess.CalledProcessError) as refused:
        missing_tags(tmp_path / "shallow")
    assert "shallow" in refused.value.stderr


def commit(repository: Path, changelog: str) -> str:
    """Commit `changelog` and return the commit's hash."""
    (repository / "CHANGELOG.md").write_text(changelog, encoding="utf-8")
    git(repository, "add", "CHANGELOG.md")
    git(repository, "commit", "--quiet", "--message=change the changelog")
    return git(repository, "rev-parse", "HEAD")


def missing_tags(repository: Path, *options: str) -> list[tuple[str, str]]:
    """Run the script in `repository` and return what it printed, as pairs of tag and commit."""
    lines = run(repository, sys.executable, str(SCRIPT), *options).splitlines()
    return [(tag, commit) for tag, commit in map(str.split, lines)]


def git(folder: Path, *arguments: str) -> str:
    """Run git in `folder` and return what it printed."""
    return run(folder, "git", *arguments)


def run(folder: Path, *command: str) -> str:
    """Run `command` in `folder` and return what it printed, without the last line's end."""
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, encoding="utf-8")
    return done.stdout.strip()
