"""What the template promises: tests that run inside of one project, not in each.

An owner's tests are about what the owner changes. The service's process, its log and its limits are
the template's; the folder `inside` is laid over the tests of a project to check them.
"""

import shutil
from pathlib import Path

import pytest
from owner import Project

INSIDE = Path(__file__).with_name("inside")


@pytest.mark.slow
@pytest.mark.parametrize(
    "n_examples", [100, pytest.param(5_000, marks=pytest.mark.nightly)], ids="{} bodies".format
)
def test_a_project_keeps_what_the_template_promises(
    everything: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, n_examples: int
) -> None:
    project = everything.clone(tmp_path / "project")
    monkeypatch.setenv("FUZZ_EXAMPLES", str(n_examples))
    shutil.copytree(INSIDE, project.folder / "tests", dirs_exist_ok=True)
    project.uv("run", "--no-sync", "ruff", "check", "tests")
    laid = [str(path.relative_to(INSIDE)) for path in INSIDE.rglob("test_*.py")]
    with_hypothesis = ("run", "--no-sync", "--with", "hypothesis", "python", "-m", "pytest")
    told = project.uv(*with_hypothesis, *(f"tests/{path}" for path in laid))
    assert len(laid) == 12
    assert " passed" in told
