"""The forges do the same for a project: the same jobs, which run the same recipes.

What differs by nature is in the tables, each with its reason; what differs by mistake fails.
"""

import re
from pathlib import Path
from typing import Any

import pytest
import workflow_steps
from conftest import copy

NAMES = {
    "audit.yml packages": "audit",
    "images.yml build": "images",
    "publish.yml publish": "publish",
    "update-template.yml propose": "propose-template",
    "update-template.yml update": "update-template",
}
"""What GitLab calls a job of GitHub, where that is not its own name."""

AT_GITHUB_ALONE = {
    "audit.yml review": "GitHub compares what a pull request adds with what it knows itself",
    "ci.yml audit": "zizmor reads workflows of GitHub",
    "ci.yml pass": "protection of a branch names jobs; at GitLab it asks for the whole pipeline",
    "images.yml pass": "as in ci.yml",
    "images.yml plan": "a matrix that is found when it runs; GitLab's is rendered",
    "publish.yml plan": "as in images.yml",
}
RUN_NO_RECIPE = {
    "update-template.yml propose": "it has a token that may write, and runs nothing of the project",
}
PREPARES = {"sync"}
"""Recipes that a job may run first; `build` works with or without an installation."""


def recipes(justfile: str) -> dict[str, str]:
    """Recipes of a project, each with the lines that it runs."""
    found = re.findall(r"^([\w-]+)[^:=\n]*:(?!=).*\n((?:[ \t]+.*\n)*)", justfile, re.M)
    return dict(found)


def recipes_run(script: str, known: dict[str, str]) -> set[str]:
    """Recipes that a script runs."""
    named = set(re.findall(r"^\s*(?:if ! )?uv run (?:--locked )?just ([\w-]+)", script, re.M))
    assert named <= known.keys(), f"no such recipe: {named - known.keys()}"
    return named - PREPARES


def jobs_of_github(project: Path) -> dict[str, str]:
    """Scripts of all jobs, by workflow and name."""
    return {
        f"{path.name} {name}": "\n".join(step.get("run", "") for step in job["steps"])
        for path in sorted((project / ".github" / "workflows").glob("*.yml"))
        for name, job in workflow_steps.load(path)["jobs"].items()
    }


def jobs_of_gitlab(project: Path) -> dict[str, str]:
    """Scripts of all jobs, with what they extend."""
    files = [project / ".gitlab-ci.yml", *sorted((project / ".gitlab").glob("*.yml"))]
    loaded: dict[str, Any] = {}
    for file in files:
        loaded |= workflow_steps.load(file)
    included = {Path(entry["local"]) for entry in loaded["include"]}
    assert included == {file.relative_to(project) for file in files[1:]}

    def lines(job: dict[str, Any], key: str) -> list[str]:
        extended = job.get("extends", [])
        bases = [extended] if isinstance(extended, str) else extended
        inherited = [line for base in bases for line in lines(loaded[base], key)]
        return job.get(key, inherited)

    return {
        name: "\n".join([*lines(job, "before_script"), *lines(job, "script")])
        for name, job in loaded.items()
        if isinstance(job, dict) and "script" in job and not name.startswith(".")
    }


@pytest.fixture(
    scope="module",
    params=[{}, {"framework": "pytorch", "profile": "choose", "features": ["containers"]}],
    ids=["sklearn", "pytorch"],
)
def projects(
    unpacked: Path, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> tuple[Path, Path]:
    """The same project at GitHub and at GitLab."""
    folder = tmp_path_factory.mktemp("forges")
    github, gitlab = (
        copy(unpacked, folder / forge, request.param | {"forge": forge})
        for forge in ("github", "gitlab")
    )
    return github, gitlab


def counterpart(job: str) -> str:
    """What GitLab calls a job of GitHub."""
    return NAMES.get(job, job.partition(" ")[2])


def test_the_forges_have_the_same_jobs(projects: tuple[Path, Path]) -> None:
    github, gitlab = jobs_of_github(projects[0]), jobs_of_gitlab(projects[1])
    assert gitlab.keys() == {counterpart(job) for job in github.keys() - AT_GITHUB_ALONE.keys()}


def test_jobs_of_the_same_name_run_the_same_recipes(projects: tuple[Path, Path]) -> None:
    known = recipes((projects[0] / "justfile").read_text(encoding="utf-8"))
    known |= recipes((projects[0] / "project.just").read_text(encoding="utf-8"))
    gitlab = jobs_of_gitlab(projects[1])
    for job, script in jobs_of_github(projects[0]).items():
        if job in AT_GITHUB_ALONE:
            continue
        theirs = gitlab[counterpart(job)]
        ran = recipes_run(script, known)
        is_idle = not ran and "image:built" not in script
        assert is_idle == (job in RUN_NO_RECIPE), f"{job} runs {ran or 'no recipe'}"
        assert recipes_run(theirs, known) == ran, job
        assert ("image:built" in theirs) == ("image:built" in script), job


def test_images_are_tried_and_scanned_alike(projects: tuple[Path, Path]) -> None:
    github, gitlab = jobs_of_github(projects[0]), jobs_of_gitlab(projects[1])
    scripts = [github["publish.yml publish"], gitlab["images"], gitlab["publish"]]
    for tried in (
        r"image:built --help",
        r"--network none --read-only --tmpfs /tmp image:built environment",
        r"--scanners vuln --severity HIGH,CRITICAL --ignore-unfixed",
        r"--secret id=netrc,env=NETRC_LINES",
    ):
        assert all(tried in script for script in scripts), tried
    (version,) = set(re.findall(r"trivy:([\d.]+)", gitlab["images"]))
    workflows = projects[0] / ".github" / "workflows"
    assert f"version: v{version}" in (workflows / "images.yml").read_text(encoding="utf-8")


def test_each_job_begins_with_the_lock_as_it_is(projects: tuple[Path, Path]) -> None:
    """The first command takes the packages of the lock, or fails if it is out of date."""
    for jobs in (jobs_of_github(projects[0]), jobs_of_gitlab(projects[1])):
        first = {name: re.search(r"^\s*uv run (.*)", script, re.M) for name, script in jobs.items()}
        found = {name: match[1] for name, match in first.items() if match}
        assert len(found) >= 4
        assert not [name for name, line in found.items() if not line.startswith("--locked just ")]


def test_a_project_has_the_files_of_its_forge_alone(projects: tuple[Path, Path]) -> None:
    for project, forge in zip(projects, (".github", ".gitlab"), strict=True):
        assert [p.name for p in project.glob(".git[hl]*") if p.is_dir()] == [forge]


def test_the_tables_name_jobs_that_there_are(projects: tuple[Path, Path]) -> None:
    named = NAMES.keys() | AT_GITHUB_ALONE.keys() | RUN_NO_RECIPE.keys()
    assert named <= jobs_of_github(projects[0]).keys()


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("uv run just check", {"check"}),
        ("uv run --locked just sync\nuv run just test", {"test"}),
        ("if ! uv run --locked just test > a; then", {"test"}),
        ("echo 'uv run just check'", set()),
    ],
)
def test_recipes_are_found_in_a_script(script: str, expected: set[str]) -> None:
    text = 'check:\n    a\nexport B := "c"\nsync:\n    d\ntest *args:\n    e\n'
    assert recipes_run(script, recipes(text)) == expected
