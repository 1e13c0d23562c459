"""The forges judge packages when they change and once a week, and keep the bill of materials."""

import re
from typing import Any

import pytest
import yaml
from conftest import ROOT, Render

WORKFLOWS = ROOT / "template" / ".github" / "workflows"
JUST = re.compile(r"uv run (?:--locked )?just (\w+)")


@pytest.fixture(scope="module")
def workflow() -> dict[Any, Any]:
    loaded: dict[Any, Any] = yaml.safe_load((WORKFLOWS / "audit.yml").read_text(encoding="utf-8"))
    return loaded


def test_github_judges_packages_when_they_change_and_each_week(workflow: dict[Any, Any]) -> None:
    when = workflow[True]  # YAML takes the key `on` for True.
    assert {"pyproject.toml", "uv.lock"} <= set(when["pull_request"]["paths"])
    assert re.fullmatch(r"\d+ \d+ \* \* \d", when["schedule"][0]["cron"])
    told = [step.get("run", "") for step in workflow["jobs"]["packages"]["steps"]]
    assert JUST.findall("\n".join(told)) == ["sbom", "audit"]


def test_its_jobs_may_read_and_nothing_else(workflow: dict[Any, Any]) -> None:
    assert workflow["permissions"] == {}
    for job in workflow["jobs"].values():
        assert job["permissions"] == {"contents": "read"}


def test_a_pull_request_is_reviewed_where_github_can(workflow: dict[Any, Any]) -> None:
    review = workflow["jobs"]["review"]
    assert "github.event_name == 'pull_request'" in review["if"]
    assert "vars.DEPENDENCY_REVIEW" in review["if"]
    (step,) = review["steps"]
    assert re.fullmatch(r"actions/dependency-review-action@[0-9a-f]{40}", step["uses"])


def test_gitlab_runs_the_same_and_keeps_the_bill(render: Render) -> None:
    pipeline = yaml.safe_load((render({"forge": "gitlab"}) / ".gitlab-ci.yml").read_text())
    job = pipeline["audit"]
    assert [JUST.fullmatch(line)[1] for line in job["script"]] == ["sbom", "audit"]  # type: ignore[index]
    (changes,) = (rule["changes"] for rule in job["rules"] if "changes" in rule)
    assert {"pyproject.toml", "uv.lock"} <= set(changes)
    never = job["rules"].index({"if": '$CI_PIPELINE_SOURCE == "schedule"', "when": "never"})
    assert "$AUDIT" in job["rules"][never - 1]["if"]
    assert job["artifacts"]["reports"]["cyclonedx"].endswith(".cdx.json")
    assert job["artifacts"]["when"] == "always"


def test_an_image_has_a_bill_in_cyclonedx() -> None:
    for name in ("images.yml", "publish.yml"):
        text = (WORKFLOWS / name).read_text(encoding="utf-8")
        assert "trivy image --format cyclonedx --output sbom.cdx.json" in text
        assert text.count("sbom.cdx.json") == 2  # It is written, and then kept or attested.
