"""A commit of a template is checked out once, beside the clone."""

from functools import cached_property
from importlib.metadata import version
from pathlib import Path

import pytest
from conftest import git
from copier._template import Template as CopiersTemplate

from copier_ml.shared.template import Template, fetch


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    git("init", "--quiet", folder=folder)
    for text in ("old", "new"):
        (folder / "copier.yml").write_text(text)
        git("add", "--all", folder=folder)
        git("commit", "--quiet", "--message", text, folder=folder)
    return folder


@pytest.fixture
def template(source: Path, tmp_path: Path) -> Template:
    return fetch(str(source), tmp_path / "template.git", tmp_path)


def test_each_commit_has_its_folder(template: Template) -> None:
    old, new = template.resolve("HEAD~1"), template.resolve("HEAD")
    folders = [template.check_out(commit) for commit in (old, new, old)]
    assert folders[0] == folders[2] != folders[1]
    texts = [(folder / "copier.yml").read_text() for folder in folders if folder]
    assert texts == ["old", "new", "old"]


def test_copier_itself_clones_a_template_with_submodules(source: Path, tmp_path: Path) -> None:
    (source / ".gitmodules").write_text('[submodule "a"]\n\tpath = a\n\turl = ../a\n')
    git("add", "--all", folder=source)
    git("commit", "--quiet", "--message", "submodule", folder=source)
    template = fetch(str(source), tmp_path / "template.git", tmp_path)
    assert template.check_out(template.resolve("HEAD")) is None


def test_copiers_private_attribute_is_the_one_that_is_set() -> None:
    assert version("copier").startswith("9."), "look at shared/rendering.py again"
    assert isinstance(vars(CopiersTemplate)["local_abspath"], cached_property)
