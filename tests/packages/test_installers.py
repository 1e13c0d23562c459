"""Tools other than uv install a project as well: editable, importable, with its console script."""

import sys
from pathlib import Path

import pytest
from conftest import copy
from owner import Project, find_uv
from package_index import private

pytestmark = pytest.mark.slow


@pytest.fixture
def project(snapshot: Path, tmp_path: Path) -> Project:
    """A locked project without extras; the tools' own files go where it is."""
    copy(snapshot, tmp_path / "project", {"profile": "minimal"}, tasks=True, UV=find_uv())
    home = {"POETRY_VIRTUALENVS_IN_PROJECT": "1", "HATCH_DATA_DIR": str(tmp_path / "hatch")}
    return Project(
        tmp_path / "project", PIP_CONFIG_FILE="/dev/null", UV_PYTHON=sys.executable, **home
    )


def check(project: Project, *python: str) -> None:
    """Check what Python imports, and that the console script is there."""
    code = "import my_ml_project, shutil; print(my_ml_project.__file__)"
    file = project.run(*python, "-c", code).splitlines()[-1]
    assert Path(file).is_relative_to(project.folder / "src")


@pytest.mark.nightly
def test_pip_installs_the_exported_lock_with_its_hashes(project: Project) -> None:
    project.uv("run", "--only-group", "dev", "just", "export")
    project.run(sys.executable, "-m", "venv", ".pip")
    pip = (".pip/bin/python", "-m", "pip", "install", "--quiet")
    project.run(*pip, "--require-hashes", "--no-deps", "-r", "export/requirements.txt")
    project.run(*pip, "--no-deps", "--editable", ".")
    project.run(".pip/bin/python", "-m", "pip", "check")
    check(project, ".pip/bin/python")
    assert "train" in project.run(".pip/bin/my-ml-project", "--help")


@pytest.mark.nightly
def test_poetry_installs_the_project(project: Project, tmp_path: Path) -> None:
    poetry = ("tool", "run", "--quiet", "poetry")
    # The mirror sends Poetry on to the public index by its plain pages, which is all it needs.
    with private(tmp_path / "mirror", is_open=True, is_mirror=True) as url:
        project.uv(*poetry, "source", "add", "--priority=primary", "mirror", f"{url}/simple/")
        project.uv(*poetry, "install", "--without", "dev", "--no-interaction")
    check(project, ".venv/bin/python")
    assert "train" in project.run(".venv/bin/my-ml-project", "--help")


@pytest.mark.nightly
def test_pdm_installs_the_project(project: Project) -> None:
    project.uv(
        "tool", "run", "--quiet", "--from", "pdm[locked]", "pdm", "install", "--prod", "--quiet"
    )
    check(project, ".venv/bin/python")
    assert "train" in project.run(".venv/bin/my-ml-project", "--help")


@pytest.mark.nightly
def test_hatch_installs_the_project(project: Project) -> None:
    hatch = ("tool", "run", "--quiet", "hatch", "run")
    assert "train" in project.uv(*hatch, "my-ml-project", "--help")
    check(project, *[*map(str, ("uv", *hatch)), "python"])
