"""Small repositories of every kind are adopted: what passed before passes after, all checks too."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from conftest import git
from corpus import AT_NIGHT, OWN_CODE, REPOSITORIES
from owner import ALONE, Project
from tiny import adopt
from tiny import commit as make

pytestmark = pytest.mark.slow

IN_A_FOLDER = "models/churn"

EACH = [
    pytest.param(name, marks=pytest.mark.nightly if name in AT_NIGHT else ())
    for name in REPOSITORIES
]


def count_passed(output: str) -> int:
    found = re.search(r"(\d+) passed", output)
    return int(found[1]) if found else 0


def run_tests_alone(folder: Path) -> int:
    """Run the tests as the repository has them, in an environment of its own."""
    project = Project(folder, "churn", PYTHONPATH="src", **ALONE)
    tools = ("--no-project", "--isolated", "--with", "attrs,pytest")
    return count_passed(project.uv("run", *tools, "python", "-m", "pytest"))


@pytest.mark.parametrize("name", EACH)
def test_what_passed_before_an_adoption_passes_after(
    snapshot: Path, tmp_path: Path, name: str
) -> None:
    top = make(tmp_path / "churn", REPOSITORIES[name])
    folder = top / IN_A_FOLDER if name == "in a folder" else top
    project = Project(folder, "churn", **ALONE)
    before = run_tests_alone(folder) if name in OWN_CODE else 0
    first = git("rev-parse", "HEAD", folder=top).strip()

    assert adopt(snapshot, folder, "--yes", "--trust") == 0
    (branch,) = git("branch", "--list", "template/*", folder=top).split()
    git("merge", "--quiet", branch, folder=top)
    project.uv("sync", "--locked")
    if name in OWN_CODE:
        assert before == count_passed(project.uv("run", "pytest")) == 1
    project.uv("run", "just", "check")
    if (folder / "mkdocs.yml").exists():
        project.uv("run", "just", "docs")
    assert not git("status", "--porcelain", folder=top)

    changed = git("diff", "--name-status", f"{first}..HEAD", folder=top).splitlines()
    edited = {row.split("\t")[1] for row in changed if not row.startswith("A")}
    assert edited <= {"pyproject.toml"}
    answers = yaml.safe_load((folder / ".copier-answers.yml").read_text())
    assert answers["code"] == ("own" if name in OWN_CODE else "template")
    stated = tomllib.loads((folder / "pyproject.toml").read_text())["project"].get("license")
    assert (answers["license"], stated) == ("existing", None)
