"""Files of the owner: the plan, copier.yml and the tree agree; updates pass them by."""

from pathlib import Path

import pytest
import yaml
from conftest import ROOT, Render, copy, domain, git, take_snapshot
from loaded import matrix as stacks
from loaded import packages, plan
from owner import commit, update

MADE = {"/uv.lock"}
"""Owned, and not rendered."""

MODEL = "src/my_ml_project/model.py"


def owned(render: Path) -> dict[str, str]:
    """What the plan of a render says, from its recorded answers."""
    answers = yaml.safe_load((render / ".copier-answers.yml").read_text(encoding="utf-8"))
    stack = stacks.stack_for(answers)
    made = plan.make_plan(answers, stack, packages.packages_for(answers, stack))
    found: dict[str, str] = made.owned_paths
    return found


@pytest.mark.parametrize("profile", ["everything", "standard"])
@pytest.mark.parametrize("framework", domain("framework"))
def test_the_plan_and_the_tree_agree(render: Render, framework: str, profile: str) -> None:
    project = render({"framework": framework, "profile": profile})
    paths = owned(project)
    assert paths
    assert list(paths) == sorted(paths)
    for path in paths.keys() - MADE:
        assert list(project.glob(path[1:])), path


def test_copier_skips_what_the_plan_names() -> None:
    settings = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))
    named = {
        "/" + path.replace("{package}", "*")
        for table in plan._read_choices().values()
        for row in table.values()
        for path in row.get("owned", {})
    }
    assert settings["_skip_if_exists"] == sorted(named)


def test_files_of_what_was_not_chosen_are_not_the_owners(render: Render) -> None:
    bare = owned(render({"profile": "minimal", "forge": "none"}))
    assert not [path for path in bare if "notebooks" in path or ".git" in path]


@pytest.fixture(scope="module")
def two_versions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A template, and a newer version of it with another model."""
    template = take_snapshot(tmp_path_factory.mktemp("versions"))
    git("tag", "--delete", "v999.0.0", folder=template)
    git("tag", "v1.0.0", folder=template)
    for model in (template / "variants" / "framework").glob("*/model.py"):
        model.write_text(model.read_text(encoding="utf-8") + "\n\nNEWER = True\n")
    git("commit", "--quiet", "--all", "--message", "newer", folder=template)
    git("tag", "v2.0.0", folder=template)
    return template


@pytest.fixture
def project(two_versions: Path, tmp_path: Path) -> Path:
    """A project of the older version."""
    copy(two_versions, tmp_path / "project", {"framework": "sklearn"}, release="v1.0.0")
    commit(tmp_path / "project", "start")
    return tmp_path / "project"


def test_an_update_leaves_the_owners_files_alone(project: Path) -> None:
    (project / "config" / "prod.yaml").write_text("seed: 1\n")
    (project / "config" / "mine.yaml").write_text("seed: 2\n")
    commit(project, "mine")
    update(project)
    changed = git("status", "--porcelain", folder=project).split()
    assert changed == ["M", ".copier-answers.yml"]
    assert "NEWER" not in (project / MODEL).read_text(encoding="utf-8")


def test_they_are_left_alone_beside_a_file_that_was_deleted(project: Path) -> None:
    """Copier then matches the patterns before it has any answer."""
    (project / MODEL).write_text("MINE = True\n")
    (project / "CONTRIBUTING.md").unlink()
    commit(project, "mine")
    update(project)
    assert (project / MODEL).read_text() == "MINE = True\n"
    assert not (project / "CONTRIBUTING.md").exists()


def test_one_that_was_deleted_comes_back_as_the_template_has_it(project: Path) -> None:
    (project / MODEL).unlink()
    commit(project, "delete")
    update(project)
    assert "NEWER" in (project / MODEL).read_text(encoding="utf-8")
