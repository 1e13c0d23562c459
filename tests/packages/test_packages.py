"""Unit tests of extensions/packages.py: extras, sources, indexes, log-in."""

from typing import Any

import pytest
import yaml
from conftest import ROOT
from loaded import matrix, packages

ANSWERS = {
    "framework": "pytorch",
    "python_version": "3.12",
    "cuda_version": "13.0",
    "package_index": "public",
    "package_index_name": "internal",
    "package_index_url": "https://packages.example.org/simple/",
    "package_index_auth": "none",
    "pytorch_index_url": "https://download.pytorch.org/whl/",
}


def make(**answers: Any) -> packages.Packages:
    answers = ANSWERS | answers
    return packages.packages_for(answers, matrix.stack_for(answers))


def test_an_image_has_the_build_of_its_argument_where_there_is_a_choice() -> None:
    assert make().build_option == ' --extra "$ACCELERATOR"'
    assert make(framework="sklearn", cuda_version="none").build_option == ""


@pytest.mark.parametrize("index", ["mirror", "private"])
def test_a_build_needs_credentials_where_an_index_does(index: str) -> None:
    for auth, needed in (("none", False), ("token", True), ("keyring", True)):
        assert make(package_index=index, package_index_auth=auth).has_login is needed
    assert not make().has_login


def test_both_builds_of_pytorch_are_of_one_minor_and_come_from_their_own_index() -> None:
    found = make()
    assert found.extras == {"cpu": ["torch~=2.15.0"], "cuda": ["torch~=2.15.0"]}
    assert found.sources == {
        "torch": [
            {"index": "pytorch-cpu", "extra": "cpu"},
            {"index": "pytorch-cu130", "extra": "cuda", "marker": "sys_platform != 'darwin'"},
            {"index": "pytorch-cpu", "extra": "cuda", "marker": "sys_platform == 'darwin'"},
        ]
    }
    assert [(index.name, index.url) for index in found.indexes] == [
        ("pytorch-cpu", "https://download.pytorch.org/whl/cpu"),
        ("pytorch-cu130", "https://download.pytorch.org/whl/cu130"),
    ]
    assert all(index.is_explicit for index in found.indexes)
    assert found.default_extra.startswith("$(nvidia-smi")


def test_a_project_for_cpus_has_one_extra() -> None:
    found = make(cuda_version="none")
    assert list(found.extras) == ["cpu"]
    assert found.sources == {"torch": [{"index": "pytorch-cpu", "extra": "cpu"}]}
    assert found.default_extra == "cpu"


def test_jax_asks_for_cuda_where_it_has_it_and_needs_no_index() -> None:
    found = make(framework="jax")
    assert found.extras == {
        "cpu": ["jax~=0.12.0", "optax>=0.2.8"],
        "cuda": [
            "jax[cuda13]~=0.12.0 ; sys_platform == 'linux'",
            "jax~=0.12.0 ; sys_platform != 'linux'",
            "optax>=0.2.8",
        ],
    }
    assert not found.sources
    assert not found.indexes


def test_scikit_learn_has_no_extra_and_no_index() -> None:
    found = make(framework="sklearn", cuda_version="none")
    assert not found.extras
    assert not found.indexes
    assert found.index is None


def test_a_mirror_of_pytorch_may_not_know_how_old_a_file_is() -> None:
    assert all(index.has_upload_times for index in make().indexes)
    assert not make().has_index_without_times
    mirrored = make(pytorch_index_url="https://mirror.example.org/whl")
    assert not any(index.has_upload_times for index in mirrored.indexes)
    assert mirrored.has_index_without_times
    questions = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))
    assert questions["pytorch_index_url"]["default"].startswith(packages.PYTORCH_INDEX)


@pytest.mark.parametrize("choice", ["mirror", "private"])
def test_the_answered_index_is_asked_first(choice: str) -> None:
    found = make(package_index=choice)
    assert found.index == found.indexes[0]
    assert found.index.url == "https://packages.example.org/simple"
    assert found.index.is_default == (choice == "mirror")
    assert (found.private_index == found.index) == (choice == "private")
    assert not found.index.is_explicit
    assert not found.index.has_upload_times
    assert not found.index.needs_login
    assert not found.login_variables


@pytest.mark.parametrize("auth", ["token", "keyring"])
def test_an_index_that_knows_its_users_is_never_asked_without_credentials(auth: str) -> None:
    found = make(package_index="private", package_index_name="acme", package_index_auth=auth)
    assert found.index.needs_login
    assert found.login_variables == ["UV_INDEX_ACME_USERNAME", "UV_INDEX_ACME_PASSWORD"]
    assert found.has_keyring == (auth == "keyring")


def test_builds_on_the_host_of_a_private_index_take_its_login() -> None:
    """Without that, uv asks for a keyring's password too late, now and then."""
    same = make(
        package_index="mirror",
        package_index_auth="keyring",
        pytorch_index_url="https://packages.example.org/pytorch",
    )
    assert all(index.needs_login for index in same.indexes)
    other = make(package_index="mirror", package_index_auth="keyring")
    assert [index.needs_login for index in other.indexes] == [True, False, False]


def test_a_public_project_knows_no_one() -> None:
    found = make(package_index_auth="keyring")
    assert not found.login_variables
    assert not found.has_keyring


@pytest.mark.parametrize(
    ("index", "upload"),
    [
        ("https://devpi.example.org/acme/main/+simple", "https://devpi.example.org/acme/main/"),
        ("https://example.org/artifactory/api/pypi/acme/simple", "https://example.org/artifactory/api/pypi/acme/"),
        ("https://pkgs.dev.azure.com/a/_packaging/f/pypi/simple/", "https://pkgs.dev.azure.com/a/_packaging/f/pypi/upload/"),
        ("https://packages.example.org", "https://packages.example.org/"),
        ("https://simple", "https://simple/"),
    ],
)  # fmt: skip
def test_a_project_is_published_beside_where_the_index_is_read(index: str, upload: str) -> None:
    found = make(package_index="private", package_index_url=index)
    assert found.index.publish_url == upload
