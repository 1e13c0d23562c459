"""A project cannot be a member of a uv workspace, which would ignore its settings."""

from pathlib import Path

import pytest
from tiny import commit, make_template

from copier_ml.cli import main
from copier_ml.shared.workspace import refuse_member

ROOT = '[tool.uv.workspace]\nmembers = ["packages/*", "apps/**/x"]\nexclude = ["packages/own"]\n'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text(ROOT)
    return tmp_path


@pytest.mark.parametrize("path", ["packages/churn", "apps/a/x"])
def test_a_member_is_refused_with_the_line_that_excludes_it(root: Path, path: str) -> None:
    with pytest.raises(ValueError, match=f'add "{path}" to exclude in'):
        refuse_member(root / path)


@pytest.mark.parametrize("path", ["packages/own", "packages/a/deep", "churn", "packages"])
def test_other_folders_are_not_members(root: Path, path: str) -> None:
    refuse_member(root / path)


def test_a_broken_file_above_does_not_matter(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool\n")
    refuse_member(tmp_path / "packages" / "churn")


def test_new_and_adopt_write_nothing_into_a_workspace(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    template = make_template(root / "template")
    inside = root / "packages" / "churn"
    assert main(["new", str(inside), "--template", str(template), "--defaults"]) == 1
    assert "is in the uv workspace" in capsys.readouterr().err
    assert not inside.exists()
    commit(inside, {"README.md": "# Mine\n"})
    assert main(["adopt", str(inside), "--template", str(template), "--trust", "--yes"]) == 2
    assert "is in the uv workspace" in capsys.readouterr().err


@pytest.mark.parametrize(("inside", "forge"), [(True, "none"), (False, "github")])
def test_a_project_in_a_folder_of_a_repository_gets_no_workflows(
    snapshot: Path, tmp_path: Path, inside: bool, forge: str
) -> None:
    if inside:
        commit(tmp_path, {"README.md": "# All\n"})
    dest = tmp_path / "models" / "churn"
    options = ["--template", str(snapshot), "--defaults", "--skip-tasks", "--quiet"]
    assert main(["new", str(dest), *options, "--data", "profile=minimal"]) == 0
    assert f"forge: {forge}\n" in (dest / ".copier-answers.yml").read_text()
    assert (dest / ".github").exists() is not inside
