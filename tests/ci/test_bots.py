"""The bots that raise versions: Dependabot's rules and Renovate's say the same."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import ROOT, Render, domain

FOLDER = ROOT / "template" / ".github"
RENOVATE = ROOT / "template" / ".renovaterc.json"


def rules() -> list[dict[str, Any]]:
    """Package rules of Renovate."""
    found: list[dict[str, Any]] = json.loads(RENOVATE.read_text(encoding="utf-8"))["packageRules"]
    return found


@pytest.mark.parametrize("bot", domain("dependency_bot"))
def test_a_project_has_the_file_of_its_bot_alone(render: Render, bot: str) -> None:
    files = {"dependabot": ".github/dependabot.yml", "renovate": ".renovaterc.json"}
    project = render({"forge": "github", "dependency_bot": bot})
    assert [name for name, file in files.items() if (project / file).exists()] == [
        name for name in files if name == bot
    ]
    page = (project / "docs" / "how-to" / "packages.md").read_text(encoding="utf-8")
    assert ("## Versions of packages" in page) == (bot != "none")


def test_only_renovate_does_without_a_forge(render: Render) -> None:
    for bot in ("dependabot", "renovate"):
        project = render({"forge": "none", "dependency_bot": bot})
        assert not (project / ".github").exists()
        assert (project / ".renovaterc.json").exists() == (bot == "renovate")


def test_both_wait_a_week() -> None:
    updates = yaml.safe_load((FOLDER / "dependabot.yml").read_text(encoding="utf-8"))["updates"]
    assert {update["cooldown"]["default-days"] for update in updates} == {7}
    assert json.loads(RENOVATE.read_text(encoding="utf-8"))["minimumReleaseAge"] == "7 days"


def test_both_leave_python_and_postgres_where_they_are() -> None:
    left = {
        (manager, name): rule["matchUpdateTypes"]
        for rule in rules()
        if rule.get("enabled") is False
        for manager in rule["matchManagers"]
        for name in rule.get("matchPackageNames", [])
    }
    assert left == {
        ("dockerfile", "/(^|/)python$/"): ["major", "minor"],
        ("docker-compose", "/(^|/)postgres$/"): ["major"],
    }


def test_renovate_groups_what_dependabot_groups() -> None:
    updates = yaml.safe_load((FOLDER / "dependabot.yml").read_text(encoding="utf-8"))["updates"]
    groups = {name for update in updates for name in update["groups"]}
    assert {rule["groupName"] for rule in rules() if "groupName" in rule} == groups


def test_renovate_leaves_the_template_to_the_projects_own_workflow() -> None:
    settings = json.loads(RENOVATE.read_text(encoding="utf-8"))
    assert settings["copier"]["enabled"] is False
    assert (FOLDER / "workflows" / "update-template.yml").exists()


def test_renovates_file_fits_its_schema() -> None:
    command = ["--builtin-schema", "vendor.renovate", str(RENOVATE)]
    subprocess.run([sys.executable, "-m", "check_jsonschema", *command], check=True)


@pytest.mark.slow
def test_renovate_itself_accepts_it(render: Render, tmp_path: Path) -> None:
    npx = shutil.which("npx")
    if not npx:
        pytest.fail("needs npx, and the npm packages renovate and node, which it downloads")
    rendered = render({"forge": "github", "dependency_bot": "renovate"}) / RENOVATE.name
    (tmp_path / RENOVATE.name).write_bytes(rendered.read_bytes())
    # Renovate wants a newer Node.js than most machines have; it is a package, too. Without
    # `@latest`, npm would take an old Renovate that fits the Node.js at hand.
    validate = "renovate-config-validator --strict --no-global .renovaterc.json"
    done = subprocess.run(
        [npx, "--yes", "--package=renovate@latest", "--package=node@24", "-c", validate],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "Validating .renovaterc.json as repo config" in done.stdout
    assert "validated successfully" in done.stdout
