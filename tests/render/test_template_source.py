"""Recipes of a project run copier-ml by uvx: which version, from where, and what a failure says."""

import os
import re
import shutil
import sys
from pathlib import Path

import pytest
from conftest import Answers, Render, copy, take_snapshot
from owner import Project
from test_plan import make

pytestmark = [
    pytest.mark.slow,  # They need the package rust-just, which uv fetches.
    pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for uvx is a shell script"),
]
JUST = ("tool", "run", "--quiet", "--from", "rust-just", "just")
UVX = """\
#!/bin/sh
for last; do :; done
if [ "$last" = --version ]; then
    echo "error: a page of reasons" >&2
    exit "${UNREACHABLE:-0}"
fi
printf '%s\\n' "$@"
exit 7
"""
"""Stands for uvx: copier-ml tells what it was asked, and ends with a code of its own."""

RECIPES = {
    "audit": ["audit", "."],
    "doctor": ["doctor", "."],
    "image": ["image"],
    "preview-template": ["preview", "."],
    "update-template": ["update", "."],
}
ADDRESS = "git+https://git.example.org/ml/template.git"


@pytest.fixture
def with_uvx(tmp_path: Path) -> dict[str, str]:
    uvx = tmp_path / "bin" / "uvx"
    uvx.parent.mkdir()
    uvx.write_text(UVX)
    uvx.chmod(0o755)
    return {"PATH": f"{uvx.parent}:{os.environ['PATH']}"}


def name_sources(folder: Path, **sources: str) -> None:
    """Name other sources in a justfile than the folder that the project was rendered from."""
    path = folder / "justfile"
    text = path.read_text(encoding="utf-8")
    for name, source in sources.items():
        line = f'export {name} := env("COPIER_ML_SOURCE", "{source}")'
        text, n_found = re.subn(rf"^export {name} :=.*$", line, text, flags=re.MULTILINE)
        assert n_found == 1
    path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_runs_a_command_at_its_version(
    render: Render, tmp_path: Path, with_uvx: dict[str, str], recipe: str
) -> None:
    folder = shutil.copytree(render({}), tmp_path / "project")
    name_sources(folder, COPIER_ML=f"{ADDRESS}@v1.0.0", NEWEST_COPIER_ML=ADDRESS)
    project = Project(folder, **with_uvx)
    asked = project.uv(*JUST, recipe, "--to", "v1 2", expect=7).splitlines()
    source = ADDRESS if recipe.endswith("template") else f"{ADDRESS}@v1.0.0"
    assert asked == ["--from", source, "copier-ml", *RECIPES[recipe], "--to", "v1 2"]


def test_the_environment_names_another_source(render: Render, with_uvx: dict[str, str]) -> None:
    source = """/a "folder" of $HOME, and it's `mine`"""
    for recipe in ("audit", "update-template"):
        project = Project(render({}), COPIER_ML_SOURCE=source, **with_uvx)
        asked = project.uv(*JUST, recipe, expect=7).splitlines()
        assert asked[:3] == ["--from", source, "copier-ml"]


@pytest.mark.parametrize("recipe", [*RECIPES, "sbom", "smoke", "image-model"])
def test_a_tool_that_cannot_be_fetched_is_one_line(
    render: Render, with_uvx: dict[str, str], recipe: str
) -> None:
    variables = {"COPIER_ML_SOURCE": "copier-ml==9", "UNREACHABLE": "2"}
    told = Project(render({}), **with_uvx, **variables).uv(*JUST, recipe, expect=1)
    assert told == (
        "cannot fetch copier-ml==9: check network and index, or set COPIER_ML_SOURCE; "
        "why: uvx --from 'copier-ml==9' copier-ml --version\n"
    )


@pytest.mark.parametrize(
    ("auth", "more"), [("token", []), ("keyring", ["--keyring-provider", "subprocess"])]
)
def test_a_mirror_is_the_index_of_the_tool(
    render: Render, with_uvx: dict[str, str], auth: str, more: list[str]
) -> None:
    url = "https://packages.example.org/simple"
    answers: Answers = {
        "package_index": "mirror",
        "package_index_url": url,
        "package_index_auth": auth,
    }
    asked = Project(render(answers), **with_uvx).uv(*JUST, "audit", expect=7).splitlines()
    assert asked[: 3 + len(more)] == ["--default-index", f"internal={url}", *more, "--from"]


@pytest.mark.parametrize("address", ["torch", "ml/template", "https:/git.example.org/template"])
def test_no_folder_of_the_project_is_run(render: Render, tmp_path: Path, address: str) -> None:
    """The real uvx refuses what is no address, whatever lies in the project."""
    folder = shutil.copytree(render({}), tmp_path / "project")
    tool = make(_src_path=address, _commit="").tool
    name_sources(folder, COPIER_ML=tool)
    for name in (address, tool):
        planted = folder / name
        (planted / "src" / "copier_ml").mkdir(parents=True, exist_ok=True)
        (planted / "pyproject.toml").write_text('[project]\nname = "copier-ml"\nversion = "1"\n')
    told = Project(folder).uv(*JUST, "audit", expect=1)
    assert told.startswith(f"cannot fetch {tool}: ")


def test_a_template_in_a_folder_with_any_name_is_found(tmp_path: Path) -> None:
    """The real uvx builds copier-ml from there."""
    template = take_snapshot(tmp_path / """it's "a" $HOME; [`b`] {{ c }} ☃""")
    project = Project(copy(template, tmp_path / "project", {}))
    assert "there is no uv.lock: run 'uv lock'" in project.uv(*JUST, "audit", "denied", expect=2)
