"""The steps of this repository's own workflows, run as far as they can be run on this machine."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, git, take_snapshot
from workflow_steps import Run

WORKFLOWS = ROOT / ".github" / "workflows"
GH = """\
#!/bin/sh
printf '%s\\n' "$*" >> {folder}/asked
case "$1 $2" in
  "issue list") echo "{number}" ;;
  "release create") cp "$RUNNER_TEMP/notes.md" {folder}/notes ;;
esac
"""
"""The program ``gh``: it notes what it is asked, and keeps the notes of a release."""


def give_gh(folder: Path, number: str = "") -> str:
    """Write a stand-in for gh, and return the PATH that finds it first."""
    folder.mkdir()
    (folder / "gh").write_text(GH.format(folder=folder, number=number))
    (folder / "gh").chmod(0o700)
    return os.pathsep.join([str(folder), os.environ["PATH"]])


@pytest.mark.parametrize(
    ("event", "results", "is_well"),
    [
        ("pull_request", {"fast": "success", "variants": "skipped"}, True),
        ("merge_group", {"fast": "success", "variants": "success"}, True),
        ("merge_group", {"fast": "success", "variants": "skipped"}, False),
        ("pull_request", {"fast": "skipped", "variants": "skipped"}, False),
        ("pull_request", {"variants": "skipped", "audit": "cancelled"}, False),
        ("push", {"fast": "success", "variants": "failure"}, False),
    ],
)
def test_a_change_passes_if_all_that_it_needs_has(
    event: str, results: dict[str, str], is_well: bool, tmp_path: Path
) -> None:
    needs = json.dumps({job: {"result": result} for job, result in results.items()})
    values = {"github.event_name": event, "toJSON(needs)": needs}
    run = Run(WORKFLOWS / "ci.yml", "pass", values).go(tmp_path, tmp_path)
    assert run.ran == ["Every job succeeded"]
    assert bool(run.failed) != is_well


def test_every_job_but_the_last_is_needed_by_it() -> None:
    jobs = Run(WORKFLOWS / "ci.yml", "pass").workflow["jobs"]
    assert sorted(jobs["pass"]["needs"]) == sorted(jobs.keys() - {"pass"})


@pytest.mark.parametrize(("number", "asked"), [("", "issue create"), ("7", "issue comment 7")])
def test_a_bad_night_is_told_in_one_issue(number: str, asked: str, tmp_path: Path) -> None:
    values = {
        "github.repository": "us/template",
        "needs.newest.result": "failure",
        "needs.pinned.result": "success",
        "needs.speed.result": "success",
    }
    path = give_gh(tmp_path / "gh", number)
    places = {"GITHUB_SERVER_URL": "https://git.example.org", "GITHUB_RUN_ID": "1"}
    places["GITHUB_REPOSITORY"] = "us/template"
    run = Run(WORKFLOWS / "nightly.yml", "tell", values, PATH=path, **places)
    assert not run.go(tmp_path, tmp_path).failed, run.told
    told = (tmp_path / "gh" / "asked").read_text().splitlines()[-1]
    assert told.startswith(asked)
    assert (
        "With the newest: failure. Speed: success. https://git.example.org/us/template/actions/runs/1"
        in told
    )


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """This repository as it is on disk, on a branch of its own, with a remote that takes pushes."""
    remote, folder = tmp_path / "remote.git", tmp_path / "clone"
    git("clone", "--quiet", "--bare", "--no-tags", str(ROOT), str(remote), folder=ROOT)
    git("clone", "--quiet", str(remote), str(folder), folder=ROOT)
    for path in git("ls-files", "-z", folder=folder).split("\0")[:-1]:
        (folder / path).unlink()
    take_snapshot(folder)
    git("tag", "--delete", "v999.0.0", folder=folder)
    return folder


def test_a_release_is_tagged_pushed_and_published(clone: Path, tmp_path: Path) -> None:
    path = give_gh(tmp_path / "gh")
    git("tag", "v0.1.0", "HEAD", folder=clone)
    run = Run(WORKFLOWS / "release.yml", "tag", PATH=path).go(clone, tmp_path)
    assert not run.failed, run.told
    tags = json.loads(run.values["steps.tag.outputs.tags"])
    assert tags[:2] == ["v0.2.0", "v0.3.0"]
    pushed = git("ls-remote", "--tags", "origin", folder=clone)
    assert all(f"refs/tags/{tag}\n" in pushed for tag in tags)

    values = {"matrix.tag": "v0.5.0", "needs.tag.outputs.tags": json.dumps(tags)}
    places = {"PATH": path, "GITHUB_RUN_ID": "1", "GITHUB_REPOSITORY": "us/template"}
    for job in ("build", "publish", "release"):
        run = Run(WORKFLOWS / "release.yml", job, values, **places).go(clone, tmp_path)
        assert not run.failed, run.told
    assert {path.suffix for path in (clone / "dist").iterdir()} >= {".gz", ".whl"}
    notes = (tmp_path / "gh" / "notes").read_text(encoding="utf-8").strip()
    assert notes.startswith("To do after updating: run `uv run just sync`.")
    assert "## [" not in notes


def test_one_job_may_sign_and_it_runs_nothing_of_the_repository() -> None:
    jobs = Run(WORKFLOWS / "release.yml", "publish").workflow["jobs"]
    assert [job for job in jobs if "id-token" in jobs[job]["permissions"]] == ["publish"]
    assert jobs["publish"]["environment"] == "pypi"
    used = [step["uses"].partition("@")[0] for step in jobs["publish"]["steps"] if "uses" in step]
    assert used == ["actions/attest", "pypa/gh-action-pypi-publish"]
    scripts = [step.get("run", "") for job in jobs.values() for step in job["steps"]]
    assert "\n".join(scripts).count("uv build") == 1


@pytest.mark.slow
def test_every_test_that_takes_long_is_in_a_job(clone: Path, tmp_path: Path) -> None:
    shared = {"UV_NO_SYNC": "1", "UV_PROJECT_ENVIRONMENT": str(Path(sys.executable).parents[1])}
    run = Run(WORKFLOWS / "every-variant.yml", "plan", **shared).go(clone, tmp_path)
    assert not run.failed, run.told
    jobs = json.loads(run.values["steps.share.outputs.jobs"])
    names = [name for job in jobs for name in job["tests"].split("\n")]
    assert len(names) == len(set(names))
    marks = "slow or updates or nightly or containers"
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-m", marks]
    done = subprocess.run(command, cwd=clone, capture_output=True, encoding="utf-8", check=True)
    tests = {line for line in done.stdout.splitlines() if "::" in line}
    assert {test for test in tests if not {test, test.partition("::")[0]} & set(names)} == set()

    values = {
        "strategy.job-index": "0",
        "matrix.job.processes": "0",
        "matrix.job.tests": "tests/update/test_low_conflict.py",
        "inputs.newest": "false",
    }
    run = Run(WORKFLOWS / "every-variant.yml", "run", values, **shared)
    run.job["steps"] = [step for step in run.job["steps"] if step.get("name") == "Test"]
    assert not run.go(clone, tmp_path).failed, run.told
    assert (clone / "reports" / "0.xml").exists()
    shutil.rmtree(clone / "reports")
