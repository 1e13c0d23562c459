"""Which commits are releases, in throw-away repositories and in this one."""

import os
import subprocess
import sys
import tomllib
from datetime import date
from pathlib import Path

import pytest
from conftest import ROOT
from packaging.version import Version

from copier_ml.shared.releases import RELEASE, changes_between, find_releases, tag_missing

SCRIPT = ROOT / "scripts" / "tag_releases.py"
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


def test_every_heading_of_our_changelog_is_a_release() -> None:
    lines = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").splitlines()
    headings = [line for line in lines if line.startswith("## ")]
    assert headings[0] == "## [Unreleased]"
    assert headings[1:]
    assert not [heading for heading in headings[1:] if not RELEASE.fullmatch(heading)]


def test_the_commit_that_added_a_heading_is_tagged(repository: Path) -> None:
    commit(repository, "## [Unreleased]\n")
    first = commit(repository, "## [Unreleased]\n" + RELEASE_1)
    commit(repository, "## [Unreleased]\n- A typo, fixed\n" + RELEASE_1)
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
    (line,) = refused.value.stderr.splitlines()
    assert "is a shallow clone" in line


@pytest.mark.usefixtures("repository")
def test_a_folder_without_a_repository_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError) as refused:
        missing_tags(tmp_path)
    (line,) = refused.value.stderr.splitlines()
    assert "not a git repository" in line


def test_a_bare_clone_is_tagged_by_whoever(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = commit(repository, RELEASE_1)
    git(tmp_path, "clone", "--quiet", "--bare", str(repository), "bare")
    for name in ("GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_DIR", str(repository / ".git"))  # As in a hook.

    assert tag_missing(tmp_path / "bare") == {"v1.0.0": first}
    monkeypatch.delenv("GIT_DIR")
    assert git(tmp_path / "bare", "rev-parse", "v1.0.0^{commit}") == first
    assert git(repository, "tag") == ""
    assert tag_missing(tmp_path / "bare") == {}


CHANGES = """\
# Changelog

## [Unreleased]

- Not yet

## [1.10.0] - 2026-03-03

- Ten

## [1.9.0] - 2026-02-02

- Nine

### Fixed

- A [link][1]

## [1.0.0] - 2026-01-01

- One

[1]: https://example.org
"""


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("v1.0.0", "v1.10.0", ["1.10.0", "1.9.0"]),
        ("1.9.0", "v1.10.0", ["1.10.0"]),
        ("0.1", "1.9.0", ["1.9.0", "1.0.0"]),
        ("1.0.0.post3.dev0+abc", "1.9.0", ["1.9.0"]),
        ("1.10.0", "1.10.0", []),
        ("1.10.0", "1.0.0", []),
    ],
)
def test_changes_are_those_that_the_old_version_lacks(old: str, new: str, told: list[str]) -> None:
    assert [version for version, _ in changes_between(CHANGES, old, new)] == told


def test_changes_come_with_their_section_alone() -> None:
    assert changes_between(CHANGES.replace("\n", "\r\n"), "1.9.0", "1.10.0")[0][1] == "- Ten"
    sections = dict(changes_between(CHANGES, "0", "2"))
    assert sections["1.9.0"] == "- Nine\n\n### Fixed\n\n- A [link][1]"
    assert sections["1.0.0"] == "- One"


def test_our_versions_rise_and_our_dates_do_not_fall() -> None:
    rows = RELEASE.findall((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    versions = [Version(version) for version, _ in rows]
    assert versions == sorted(set(versions), reverse=True)
    dates = [date.fromisoformat(day) for _, day in rows]
    assert dates == sorted(dates, reverse=True)


def test_our_version_is_that_of_the_newest_heading() -> None:
    newest, _ = RELEASE.findall((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))[0]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == newest


def test_each_heading_of_ours_has_a_commit_of_its_own_with_that_version() -> None:
    released = find_releases(ROOT)
    headings = RELEASE.findall(git(ROOT, "show", "HEAD:CHANGELOG.md"))
    assert list(released) == [f"v{version}" for version, _ in reversed(headings)]
    assert len(set(released.values())) == len(released)
    for tag, released_at in released.items():
        project = tomllib.loads(git(ROOT, "show", f"{released_at}:pyproject.toml"))["project"]
        assert tag == f"v{project['version']}"


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
