"""Unit tests of extensions/plan.py: no rendering, no files, milliseconds."""

from typing import Any

import pytest
from conftest import domain, every_variant, label, questions
from loaded import plan

ANSWERS = {
    "project_name": "Churn Model",
    "package_name": "churn_model",
    "license": "MIT",
    "ci": "github",
    "framework": "sklearn",
    "python_version": "3.12",
    "features": ["docs", "devcontainer", "notebooks"],
}


def make(**answers: Any) -> Any:
    return plan.make_plan(ANSWERS | {"pytorch_index_url": "https://example.org/whl"} | answers)


def test_names_follow_from_the_package() -> None:
    assert make().distribution == "churn-model"
    assert make().env_prefix == "CHURN_MODEL_"


def test_what_needs_torch_is_in_an_extra_alone() -> None:
    found = make(framework="pytorch")
    assert any(line.startswith("torch>") for line in found.extras["cpu"])
    assert not any("torch" in line for line in found.dependencies)
    assert not make(framework="sklearn").extras


def test_an_extra_has_its_own_index() -> None:
    (index,) = make(framework="pytorch", pytorch_index_url="https://example.org/whl/").indexes
    assert index == plan.Index(
        name="pytorch-cpu", url="https://example.org/whl/cpu", extra="cpu", packages=["torch"]
    )
    assert make(framework="sklearn").indexes == []


def test_the_lock_ends_at_the_newest_offered_python() -> None:
    markers = make().environments
    assert len(markers) == 4
    assert all(marker.endswith("and python_full_version < '3.15'") for marker in markers)


def test_the_sync_command_names_the_extra() -> None:
    assert make(framework="sklearn").sync_command == "uv sync --locked"
    assert make(framework="pytorch").sync_command == "uv sync --locked --extra cpu"


def test_a_feature_brings_its_group() -> None:
    assert {"docs", "notebooks"} < make().groups.keys()
    bare = make(features=[])
    assert not {"docs", "notebooks"} & bare.groups.keys()
    assert not bare.has_docs
    assert not bare.has_notebooks


def test_paths_of_what_was_not_chosen_are_absent() -> None:
    absent = make(features=["docs"], ci="none").absent_paths
    assert {"/.github", "/notebooks", "/.devcontainer"} <= set(absent)
    assert "/docs" not in absent


def test_the_answered_python_is_the_oldest_that_is_claimed() -> None:
    claimed = [line for line in make(python_version="3.13").classifiers if ":: 3.1" in line]
    assert [line.rsplit(" ")[-1] for line in claimed] == ["3.13", "3.14"]


@pytest.mark.parametrize(
    ("name", "email", "author"),
    [
        ("Ada", "ada@example.org", [{"name": "Ada", "email": "ada@example.org"}]),
        ("Ada", "", [{"name": "Ada"}]),
        ("", "ada@example.org", [{"email": "ada@example.org"}]),
        ("", "", []),
    ],
)
def test_an_author_is_what_was_answered(name: str, email: str, author: list[Any]) -> None:
    assert make(author_name=name, author_email=email).authors == author


def test_the_licence_names_the_author_or_the_project() -> None:
    assert make(author_name="Ada").copyright_holder == "Ada"
    assert make().copyright_holder == "the authors of Churn Model"


def test_a_proprietary_project_cannot_be_uploaded_by_mistake() -> None:
    assert "Private :: Do Not Upload" in make(license="Proprietary").classifiers
    assert make(license="Proprietary").license == "LicenseRef-Proprietary"


def test_urls_and_badge_follow_the_repository() -> None:
    assert make().urls == {}
    assert make().badge == ""
    found = make(repository_url="https://github.com/ada/churn")
    assert found.urls["Repository"] == "https://github.com/ada/churn"
    assert found.badge.startswith("https://github.com/ada/churn/")
    assert make(repository_url="https://github.com/ada/churn", ci="none").badge == ""


def test_answers_that_an_older_project_lacks_leave_things_out() -> None:
    found = plan.make_plan({"project_name": "Churn", "package_name": "churn"})
    assert "/docs" in found.absent_paths
    assert found.license == ""


@pytest.mark.parametrize("answers", every_variant(), ids=label)
def test_requirements_are_sorted_and_unique(answers: dict[str, Any]) -> None:
    found = make(**answers)
    for requirements in (found.dependencies, *found.extras.values(), *found.groups.values()):
        assert requirements == sorted(set(requirements))


def test_rows_and_choices_agree() -> None:
    rows = {name: set(table) for name, table in plan._read_choices().items() if name != "always"}
    asked = {name: question for name, question in questions().items() if "choices" in question}
    assert rows.keys() == asked.keys()
    for name, row in rows.items():
        values = domain(name)
        assert row == {
            v for value in values for v in (value if isinstance(value, list) else [value])
        }
