"""Recipes on Windows run in the `sh` of Git, which has the same syntax there and here."""

import json
import shutil
from pathlib import Path

import pytest
from conftest import Render, git
from owner import Project

pytestmark = pytest.mark.slow  # They need the package rust-just, which uv fetches.
JUST = ("tool", "run", "--quiet", "--from", "rust-just", "just")
RECIPES = """
mine *args:
    @printf '%s\\n' "$(basename "$PWD")" "$@"

broken:
    @exit 3
"""


@pytest.mark.parametrize("place", ["repository", "repository/models/churn", "alone"])
def test_recipes_run_in_the_shell_of_git(render: Render, tmp_path: Path, place: str) -> None:
    folder = shutil.copytree(render({}), tmp_path / place)
    if place != "alone":
        git("init", "--quiet", folder=tmp_path / "repository")
    with (folder / "project.just").open("a", encoding="utf-8") as file:
        file.write(RECIPES)
    project = Project(folder)
    shell = json.loads(project.uv(*JUST, "--dump", "--dump-format", "json"))["settings"]
    windows = shell["windows_shell"]
    options = [f"--shell={windows['command']}"]
    options += [f"--shell-arg={argument}" for argument in windows["arguments"]]
    awkward = ["a b", """it's "c" $HOME `x` \\""", ""]
    told = project.uv(*JUST, *options, "mine", *awkward)
    assert told.splitlines() == [folder.name, *awkward]
    assert "exit code 3" in project.uv(*JUST, *options, "broken", expect=3)
