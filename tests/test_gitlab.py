"""What GitLab runs for a project: the same checks as GitHub, and the update of the template."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import ROOT, Render, git

PREVIEW = 'churn: v1 becomes v2\n\n- a "quoted" $(line)\n'


@pytest.fixture
def project(render: Render) -> Path:
    return render({"forge": "gitlab", "python_version": "3.12"})


@pytest.fixture
def pipeline(project: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((project / ".gitlab-ci.yml").read_text())
    return loaded


@pytest.mark.parametrize("name", [".gitlab-ci.yml", ".gitlab/project.yml"])
def test_gitlab_understands_it(project: Path, name: str) -> None:
    schema = ["--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci"]
    command = [sys.executable, "-m", "check_jsonschema", *schema, str(project / name)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout


def test_it_runs_what_github_runs(project: Path, pipeline: dict[str, Any]) -> None:
    theirs = (ROOT / "template/.github/workflows/ci.yml").read_text()
    ours = (project / ".gitlab-ci.yml").read_text()
    recipes = re.compile(r"uv run (?:--locked )?just ([\w-]+)")
    assert set(recipes.findall(theirs)) <= set(recipes.findall(ours))
    assert not (project / ".github").exists()
    assert {"check", "test", "build"} <= pipeline.keys()


def test_it_has_the_uv_of_the_images(project: Path, pipeline: dict[str, Any]) -> None:
    (version,) = re.findall(r"astral-sh/uv:([\d.]+) ", (project / "Dockerfile").read_text())
    assert pipeline["default"]["image"] == f"ghcr.io/astral-sh/uv:{version}-python3.12-trixie"


class Forge:
    """A repository that takes push options as GitLab does, and a project that pushes there."""

    def __init__(self, folder: Path, script: list[str]) -> None:
        self.folder = folder
        self.script = script
        self.remote = folder / "remote.git"
        self.clone = folder / "clone"
        git("init", "--quiet", "--bare", str(self.remote), folder=folder)
        git("config", "receive.advertisePushOptions", "true", folder=self.remote)
        hook = self.remote / "hooks" / "pre-receive"
        hook.write_text('#!/bin/sh\nenv | grep ^GIT_PUSH_OPTION_ > "$GIT_DIR/options"\n')
        hook.chmod(0o755)
        git("init", "--quiet", str(self.clone), folder=folder)
        git("commit", "--quiet", "--allow-empty", "-m", "start", folder=self.clone)

    def run(self, uv: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        """Run the job's script, with a program in the place of uv."""
        programs = self.folder / "programs"
        programs.mkdir(exist_ok=True)
        (programs / "uv").write_text(f"#!/bin/sh\n{uv}\n")
        (programs / "uv").chmod(0o755)
        known = {
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "CI_DEFAULT_BRANCH": "main",
            "CI_REPOSITORY_URL": "https://gitlab-ci-token:x@gitlab.example.org/ada/churn.git",
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"url.{self.remote}.insteadOf",
            "GIT_CONFIG_VALUE_0": "https://project:hush@gitlab.example.org/ada/churn.git",
        }
        lines = "\n".join(["set -eo pipefail", *self.script])
        return subprocess.run(
            ["bash", "-c", lines],
            cwd=self.clone,
            env=os.environ | known | variables,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )


@pytest.fixture
def forge(tmp_path: Path, pipeline: dict[str, Any]) -> Forge:
    return Forge(tmp_path, pipeline["update-template"]["script"])


FINDS_ONE = f"""\
case "$3" in
preview-template) cat <<'END'
{PREVIEW}END
;;
update-template) git branch --force template/v2 ;;
esac"""


def test_an_update_becomes_a_merge_request(forge: Forge) -> None:
    for _ in ("opened", "refreshed"):
        done = forge.run(FINDS_ONE, UPDATE_TEMPLATE_TOKEN="hush")
        assert done.returncode == 0, done.stderr
        assert "template/v2" in git("branch", folder=forge.remote)
        options = (forge.remote / "options").read_text()
        assert "merge_request.create" in options
        assert "merge_request.target=main" in options
        assert "title=build: update the template to v2" in options
        told = PREVIEW.rstrip("\n").replace("\n", "\\n")
        assert f"merge_request.description={told}\n" in options
    assert "hush" not in done.stdout + done.stderr


def test_a_branch_that_somebody_went_on_with_stays(forge: Forge) -> None:
    git("update-ref", "refs/remotes/origin/template/v2", "HEAD", folder=forge.clone)
    done = forge.run(FINDS_ONE, UPDATE_TEMPLATE_TOKEN="hush")
    assert done.returncode == 0, done.stderr
    assert "template/v2 has commits of somebody's" in done.stdout
    assert git("branch", folder=forge.remote) == ""


def test_one_that_only_an_update_wrote_is_refreshed(forge: Forge) -> None:
    tree = git("rev-parse", "HEAD^{tree}", folder=forge.clone).strip()
    message = f"update\n\nTemplate-Result: {tree}\n"
    made = git("commit-tree", tree, "-p", "HEAD", "-m", message, folder=forge.clone).strip()
    git("update-ref", "refs/remotes/origin/template/v2", made, folder=forge.clone)
    assert forge.run(FINDS_ONE, UPDATE_TEMPLATE_TOKEN="hush").returncode == 0
    assert "template/v2" in git("branch", folder=forge.remote)


def test_without_an_update_nothing_is_pushed(forge: Forge) -> None:
    assert forge.run("exit 0").returncode == 0
    assert git("branch", folder=forge.remote) == ""


def test_conflicts_fail_the_job_and_push_nothing(forge: Forge) -> None:
    assert forge.run('test "$3" = preview-template', UPDATE_TEMPLATE_TOKEN="hush").returncode == 1
    assert git("branch", folder=forge.remote) == ""


def test_a_missing_token_is_named(forge: Forge) -> None:
    done = forge.run(FINDS_ONE)
    assert done.returncode
    assert "UPDATE_TEMPLATE_TOKEN: is not set: make a project access token" in done.stderr
