"""What others expect of a Python project, asked of renders and of this repository."""

from pathlib import Path

import pytest
from conftest import ROOT
from covering import COVERING
from repo_review.processor import process

BY_ADDRESS = "it looks for the address of a hook's repository; our hooks call tools of the lock"
NO_SERVICE = "it is about pre-commit.ci, which runs no local hooks"

NOT_FOR_US = {
    "PC100": BY_ADDRESS,
    "PC110": BY_ADDRESS,
    "PC140": BY_ADDRESS,
    "PC160": BY_ADDRESS,
    "PC170": "it is for texts in reStructuredText; there are none",
    "PC180": BY_ADDRESS,
    "PC190": BY_ADDRESS,
    "PC901": NO_SERVICE,
    "PC902": NO_SERVICE,
    "PC903": NO_SERVICE,
    "PY007": "it knows nox, tox, hatch, spin and pixi, and not just",
}
"""Checks that fail, and why they do not apply; also in docs/reference/linters.md."""

NOT_CHOSEN = {
    "token": {"GH200"},
    "mirror": {"GH100"},
    "bare": {"PY004", "GH100"},
    "keyring": {"PY003", "PY004", "GH100"},
    "cpu": {"PY004"},
}
"""Checks of what an answer left out: a license, a site, workflows of GitHub, Dependabot."""


def failed(folder: Path) -> set[str]:
    results = process(folder).results
    assert len(results) > 50
    return {check.name for check in results if check.result is False}


@pytest.mark.parametrize(
    "name", sorted(COVERING.keys() - {"own"})
)  # Its code is not in the render.
def test_a_render_fails_only_what_does_not_apply(covering: Path, name: str) -> None:
    assert failed(covering / name) == NOT_FOR_US.keys() | NOT_CHOSEN.get(name, set())


def test_this_repository_fails_only_what_does_not_apply() -> None:
    assert failed(ROOT) == NOT_FOR_US.keys()


def test_a_check_that_fails_is_found(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "a"\nversion = "1"\n')
    assert {"PY002", "PY003", "PY005"} <= failed(tmp_path)
