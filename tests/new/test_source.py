"""What an installer recorded leads back to the template."""

import json
from email.message import Message

import pytest
from copier._vcs import get_repo

from copier_ml.shared.source import Source, address, chosen, template_source

REPOSITORY = "https://git.example.com/ml/copier-ml"


@pytest.fixture
def metadata():
    """Core metadata of a release, as importlib.metadata gives it."""
    message = Message()
    message["Version"] = "1.2.0"
    message["Project-URL"] = "Changelog, https://example.com/changes"
    message["Project-URL"] = f"Repository, {REPOSITORY}"
    return message


def record(url, **kind):
    return json.dumps({"url": url, **kind})


def test_an_install_from_git_gives_the_same_commit(metadata):
    direct_url = record(
        "https://github.com/acme/copier-ml",
        vcs_info={"vcs": "git", "commit_id": "c0ffee", "requested_revision": "v1.2.0"},
    )
    expected = Source("https://github.com/acme/copier-ml", "c0ffee")
    assert template_source(direct_url, metadata) == expected


@pytest.mark.parametrize("dir_info", [{}, {"editable": True}])
def test_an_install_from_a_folder_gives_that_folder_as_it_is(metadata, tmp_path, dir_info):
    folder = tmp_path / "my template"
    direct_url = record(folder.as_uri(), dir_info=dir_info)
    assert template_source(direct_url, metadata) == Source(str(folder), "HEAD")


@pytest.mark.parametrize(
    "direct_url", [None, record("https://example.com/copier_ml.whl", archive_info={})]
)
def test_a_wheel_gives_the_repository_at_the_tag_of_its_version(metadata, direct_url):
    assert template_source(direct_url, metadata) == Source(f"git+{REPOSITORY}", "v1.2.0")


def test_a_wheel_without_a_repository_asks_for_one():
    with pytest.raises(ValueError, match="--template"):
        template_source(None, Message())


def test_an_install_from_a_subdirectory_is_refused_without_its_credentials(metadata):
    direct_url = record(
        "https://me:secret@example.com/all.git", vcs_info={"commit_id": "c0ffee"}, subdirectory="ml"
    )
    with pytest.raises(ValueError, match=r"'ml' of https://example\.com/all\.git"):
        template_source(direct_url, metadata)


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("file:///srv/my%20template", "/srv/my template"),
        ("git+file:///srv/template.git", "/srv/template.git"),
        ("https://github.com/acme/ml", "https://github.com/acme/ml"),
        ("https://github.com/acme/ml/", "https://github.com/acme/ml"),
        ("https://example.com/ml.git", "https://example.com/ml.git"),
        ("https://example.com:8443/ml", "git+https://example.com:8443/ml"),
        ("https://user:token@example.com/ml.git", "https://example.com/ml.git"),
        ("https://token@example.com/ml", "git+https://example.com/ml"),
        ("git+https://user:p%40ss@example.com/ml?key=1#x", "git+https://example.com/ml"),
        ("https://me:token@github.com/acme/ml.git", "https://github.com/acme/ml.git"),
        ("ssh://git@example.com:22/ml.git", "ssh://git@example.com:22/ml.git"),
        ("git+ssh://git:secret@example.com/ml", "git+ssh://git@example.com/ml"),
        ("gh:acme/ml", "gh:acme/ml"),
        ("git@example.com:acme/ml.git", "git@example.com:acme/ml.git"),
    ],
)
def test_an_address_is_git_to_copier_and_holds_no_secret(given, written):
    assert address(given) == written
    assert written.startswith("/srv/my") or get_repo(written), "Copier would look for a folder"


def test_a_relative_folder_is_found_from_anywhere(tmp_path, monkeypatch):
    (tmp_path / "template").mkdir()
    monkeypatch.chdir(tmp_path)
    assert address("./template") == str(tmp_path / "template")


def test_another_template_comes_at_its_latest_tag_unless_a_ref_is_given():
    assert chosen("gh:acme/ml", None) == Source("gh:acme/ml", None)
    assert chosen("gh:acme/ml", "main") == Source("gh:acme/ml", "main")
