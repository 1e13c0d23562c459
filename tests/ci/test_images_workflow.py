"""The workflows that build and publish a project's images, and the bot that raises versions."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import workflow_steps
from conftest import ROOT

FOLDER = ROOT / "template" / ".github"
NAMES = ["images.yml", "publish.yml"]
PINNED = re.compile(r"uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")


def load(name: str) -> dict[Any, Any]:
    """Read a YAML file of a render's .github."""
    return workflow_steps.load(FOLDER / name)


def jobs(name: str) -> dict[str, Any]:
    """Jobs of a workflow."""
    found: dict[str, Any] = load(f"workflows/{name}")["jobs"]
    return found


@pytest.mark.parametrize("name", NAMES)
def test_actions_are_pinned_with_their_version(name: str) -> None:
    lines = (FOLDER / "workflows" / name).read_text(encoding="utf-8").splitlines()
    used = [line.strip().removeprefix("- ") for line in lines if "uses:" in line]
    assert used
    assert not [line for line in used if not PINNED.fullmatch(line)]


def test_workflows_agree_on_the_versions_of_actions() -> None:
    text = "".join(
        path.read_text(encoding="utf-8") for path in (FOLDER / "workflows").glob("*.yml")
    )
    used = set(re.findall(r"uses: (\S+@\S+ # \S+)", text))
    assert len(used) == len({line.partition("@")[0] for line in used})
    assert len(set(re.findall(r"version: (v\S+)", text))) == 1  # Trivy's


def test_a_release_alone_may_publish_or_sign() -> None:
    granted = {
        (name, job): {
            right for right, how in jobs(name)[job]["permissions"].items() if how == "write"
        }
        for name in NAMES
        for job in jobs(name)
    }
    assert granted.pop(("publish.yml", "publish")) == {"packages", "id-token", "attestations"}
    assert not any(granted.values())
    assert load("workflows/publish.yml")[True] == {"release": {"types": ["published"]}}


def test_what_a_pull_request_starts_pushes_nothing() -> None:
    assert "pull_request" in load("workflows/images.yml")[True]
    text = (FOLDER / "workflows" / "images.yml").read_text(encoding="utf-8")
    assert not re.search(
        r"docker login|push: *true|push=true|type=(image|registry)|pull_request_target", text
    )


@pytest.mark.parametrize(("name", "job"), [("images.yml", "build"), ("publish.yml", "publish")])
def test_each_image_is_made(name: str, job: str) -> None:
    matrix = jobs(name)[job]["strategy"]["matrix"]
    assert matrix["target"] == "${{ fromJSON(needs.plan.outputs.targets) }}"
    assert matrix["accelerator"] == "${{ fromJSON(needs.plan.outputs.accelerators) }}"


def test_workflows_have_one_program_to_find_what_is_built() -> None:
    assert jobs("images.yml")["plan"] == jobs("publish.yml")["plan"]


@pytest.mark.parametrize(
    ("extras", "event", "expected"),
    [
        ("", "release", ["cpu"]),
        ("[project.optional-dependencies]\nserve = []", "release", ["cpu"]),
        ("[project.optional-dependencies]\ncpu = []\ncuda = []", "release", ["cpu", "cuda"]),
        ("[project.optional-dependencies]\ncpu = []\ncuda = []", "push", ["cpu", "cuda"]),
        ("[project.optional-dependencies]\ncpu = []\ncuda = []", "pull_request", ["cpu"]),
    ],
)
def test_cuda_is_built_where_the_project_has_it(
    tmp_path: Path, extras: str, event: str, expected: list[str]
) -> None:
    values = plan(tmp_path, extras, "FROM a AS train", event)
    assert json.loads(values["steps.list.outputs.accelerators"]) == expected


@pytest.mark.parametrize("targets", [["serve", "train"], ["train"]])
def test_an_image_is_built_where_the_dockerfile_has_it(tmp_path: Path, targets: list[str]) -> None:
    stages = ["base", "packages-train", *targets, "serve-model"]
    values = plan(tmp_path, "", "\n".join(f"FROM a AS {name}" for name in stages), "push")
    assert json.loads(values["steps.list.outputs.targets"]) == targets


def plan(folder: Path, extras: str, dockerfile: str, event: str) -> dict[str, str]:
    """Run the job that says what is built."""
    (folder / "pyproject.toml").write_text(f'[project]\nname = "a"\n{extras}\n', encoding="utf-8")
    (folder / "Dockerfile").write_text(f"{dockerfile}\n", encoding="utf-8")
    run = workflow_steps.Run(FOLDER / "workflows/images.yml", "plan", GITHUB_EVENT_NAME=event)
    (folder / "temporary").mkdir()
    run.go(folder, folder / "temporary")
    return run.values


def test_an_image_is_scanned_and_signed_before_it_has_a_tag() -> None:
    steps = [s.get("name", s.get("uses")) for s in jobs("publish.yml")["publish"]["steps"]]
    order = ["Build and test", "Scan", "Push the scanned image", "Sign", "Tag"]
    assert [name for name in steps if name in order] == order
    assert steps[-1] == "Tag"


def test_names_of_required_jobs_differ_between_workflows() -> None:
    assert jobs("images.yml")["pass"]["name"] != jobs("ci.yml")["pass"]["name"]
    assert set(jobs("images.yml")["pass"]["needs"]) == set(jobs("images.yml")) - {"pass"}


def test_the_bot_leaves_python_and_postgres_where_they_are() -> None:
    updates = {update["package-ecosystem"]: update for update in load("dependabot.yml")["updates"]}
    left = {
        rule["dependency-name"]: {kind.rpartition("-")[2] for kind in rule["update-types"]}
        for kind in ("docker", "docker-compose")
        for rule in updates[kind]["ignore"]
    }
    assert left["python"] == left["library/python"] == {"major", "minor"}
    assert left["postgres"] == left["library/postgres"] == {"major"}


@pytest.mark.parametrize("name", NAMES)
def test_workflows_name_no_repository(name: str) -> None:
    text = (FOLDER / "workflows" / name).read_text(encoding="utf-8")
    text = re.sub(r"uses: \S+", "", text)
    assert "copier" not in text
    assert not re.search(r"(github\.com|ghcr\.io)/\w", text)
