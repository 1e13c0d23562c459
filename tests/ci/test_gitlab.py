"""What GitLab runs for a project: the same checks as GitHub, and the update of the template."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import Render, git
from gitlab_runner import run_pipeline

URL = "https://gitlab-ci-token:x@gitlab.example.org/ada/churn.git"
PREVIEW = 'churn: template v1 -> v2\n\n- a "quoted" $(line)\n'


@pytest.fixture
def project(render: Render) -> Path:
    return render({"forge": "gitlab", "python_version": "3.12"})


@pytest.fixture
def pipeline(project: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((project / ".gitlab-ci.yml").read_text())
    return loaded


@pytest.mark.parametrize("name", [".gitlab-ci.yml", ".gitlab/images.yml", ".gitlab/project.yml"])
def test_gitlab_understands_it(project: Path, name: str) -> None:
    schema = ["--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci"]
    command = [sys.executable, "-m", "check_jsonschema", *schema, str(project / name)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout


def test_it_has_the_uv_of_the_images(project: Path, pipeline: dict[str, Any]) -> None:
    (version,) = re.findall(r"astral-sh/uv:([\d.]+) ", (project / "Dockerfile").read_text())
    assert pipeline["default"]["image"] == f"ghcr.io/astral-sh/uv:{version}-python3.12-trixie"


class Forge:
    """A repository that takes push options as GitLab does, and the two jobs that push there."""

    def __init__(self, folder: Path, jobs: dict[str, Any]) -> None:
        self.folder = folder
        self.jobs = jobs
        self.remote = folder / "remote.git"
        self.runs = 0
        git("init", "--quiet", "--bare", "--initial-branch=main", str(self.remote), folder=folder)
        git("config", "receive.advertisePushOptions", "true", folder=self.remote)
        hook = self.remote / "hooks" / "pre-receive"
        hook.write_text('#!/bin/sh\nenv | grep ^GIT_PUSH_OPTION_ > "$GIT_DIR/options"\n')
        hook.chmod(0o755)
        start = self.clone("start")
        git("commit", "--quiet", "--allow-empty", "--message", "start", folder=start)
        git("push", "--quiet", "origin", "HEAD:main", folder=start)

    def clone(self, name: str) -> Path:
        git("clone", "--quiet", str(self.remote), name, folder=self.folder)
        return self.folder / name

    def proposed(self) -> str:
        """What the newest commit at the forge says; empty without a branch."""
        if not git("branch", "--list", "template/v2", folder=self.remote):
            return ""
        return git("log", "-1", "--format=%s", "template/v2", folder=self.remote).strip()

    def environment(self, uv: str) -> dict[str, str]:
        """Where jobs run: a program is in the place of uv, and pushes get to the repository."""
        programs = self.folder / "programs"
        programs.mkdir(exist_ok=True)
        (programs / "uv").write_text(f"#!/bin/sh\n{uv}\n")
        (programs / "uv").chmod(0o755)
        return {
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"url.{self.remote}.insteadOf",
            "GIT_CONFIG_VALUE_0": URL.replace("gitlab-ci-token:x", "project:hush"),
        }

    def run(self, uv: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        """Run both jobs, each in a clone, with a program in the place of uv.

        Returns:
            What became of the job that failed, or of the last one.
        """
        self.runs += 1
        made, handed_over = (self.clone(f"{name}{self.runs}") for name in ("made", "handed-over"))
        done = self.run_job("update-template", made, uv)
        if done.returncode:
            return done
        for name in self.jobs["update-template"]["artifacts"]["paths"]:
            if (made / name).exists():
                shutil.copy(made / name, handed_over)
        return self.run_job("propose-template", handed_over, "exit 9", **variables)

    def run_job(
        self, name: str, clone: Path, uv: str, **variables: str
    ) -> "subprocess.CompletedProcess[str]":
        known = {"CI_DEFAULT_BRANCH": "main", "CI_REPOSITORY_URL": URL} | self.environment(uv)
        lines = "\n".join(["set -eo pipefail", *self.jobs[name]["script"]])
        return subprocess.run(
            ["bash", "-c", lines],
            cwd=clone,
            env=os.environ | known | variables,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )


@pytest.fixture
def forge(tmp_path: Path, pipeline: dict[str, Any]) -> Forge:
    return Forge(tmp_path, pipeline)


def finds_one(subject: str = "one", preview: str = PREVIEW) -> str:
    """Stand for uv, where there is a newer version of the template."""
    return f"""\
case "$3" in
preview-template) cat <<'END'
{preview}END
;;
update-template)
    git checkout --quiet -b template/v2
    tree=$(git rev-parse HEAD^{{tree}})
    git commit --quiet --allow-empty --message {subject} --message "Template-Result: $tree"
    git checkout --quiet - ;;
esac"""


def test_an_update_becomes_a_merge_request_that_is_refreshed(forge: Forge) -> None:
    for subject in ("opened", "refreshed"):
        done = forge.run(finds_one(subject), UPDATE_TEMPLATE_TOKEN="hush")
        assert done.returncode == 0, done.stderr
        assert forge.proposed() == subject
        options = (forge.remote / "options").read_text()
        assert "merge_request.create" in options
        assert "merge_request.target=main" in options
        assert "title=build: update the template to v2" in options
        told = PREVIEW.rstrip("\n").replace("\n", "\\n")
        assert f"merge_request.description={told}\n" in options
    assert "hush" not in done.stdout + done.stderr


def test_a_long_preview_is_cut(forge: Forge) -> None:
    preview = "ä line\n" * 9000
    done = forge.run(finds_one(preview=preview), UPDATE_TEMPLATE_TOKEN="hush")
    assert done.returncode == 0, done.stderr
    (told,) = re.findall(r"description=(.*)", (forge.remote / "options").read_text("utf-8"))
    assert told.startswith("ä line\\nä line\\n")


def test_a_preview_gives_gitlab_no_command(forge: Forge) -> None:
    preview = "/approve\n  /merge\n- a/b \\n/merge \\\\n/close\n"
    assert forge.run(finds_one(preview=preview), UPDATE_TEMPLATE_TOKEN="hush").returncode == 0
    told = "description=\\/approve\\n  \\/merge\\n- a/b &#92;n/merge \\&#92;n/close\n"
    assert told in (forge.remote / "options").read_text()


def test_a_branch_that_somebody_went_on_with_stays(forge: Forge) -> None:
    theirs = forge.clone("theirs")
    git("commit", "--quiet", "--allow-empty", "--message", "fixed", folder=theirs)
    git("push", "--quiet", "origin", "HEAD:template/v2", folder=theirs)
    done = forge.run(finds_one(), UPDATE_TEMPLATE_TOKEN="hush")
    assert done.returncode == 0, done.stderr
    assert "template/v2 has commits of other authors" in done.stdout
    assert forge.proposed() == "fixed"


def test_without_an_update_nothing_is_pushed(forge: Forge) -> None:
    done = forge.run("exit 0")
    assert done.returncode == 0
    assert "There is no update" in done.stdout
    assert not forge.proposed()


def test_conflicts_fail_the_first_job_and_push_nothing(forge: Forge) -> None:
    assert forge.run('test "$3" = preview-template', UPDATE_TEMPLATE_TOKEN="hush").returncode == 1
    assert not forge.proposed()


def test_of_what_is_handed_over_only_the_templates_branch_is_taken(forge: Forge) -> None:
    made, handed_over = forge.clone("made"), forge.clone("handed-over")
    git("commit", "--quiet", "--allow-empty", "--message", "other", folder=made)
    git("branch", "template/v2", folder=made)
    heads = ["origin/main..main", "origin/main..template/v2"]
    git("bundle", "create", "--quiet", str(handed_over / "update.bundle"), *heads, folder=made)
    (handed_over / "preview.md").write_text(PREVIEW)
    done = forge.run_job("propose-template", handed_over, "exit 9", UPDATE_TEMPLATE_TOKEN="hush")
    assert done.returncode == 0, done.stderr
    assert forge.proposed() == "other"
    for clone in (handed_over, forge.remote):
        assert git("log", "-1", "--format=%s", "main", folder=clone) == "start\n"


def test_a_missing_token_is_named(forge: Forge) -> None:
    done = forge.run(finds_one())
    assert done.returncode
    assert "UPDATE_TEMPLATE_TOKEN: is not set: create a project access token" in done.stderr


def test_the_job_with_the_token_runs_nothing_of_the_project(pipeline: dict[str, Any]) -> None:
    with_token = [name for name, job in pipeline.items() if "UPDATE_TEMPLATE_TOKEN" in str(job)]
    assert with_token == ["propose-template"]
    job = pipeline["propose-template"]
    assert job["environment"] == {"name": "update-template", "action": "access"}
    assert [name for name, job in pipeline.items() if "environment" in job] == with_token
    assert job["extends"] == ".update"
    assert not {"before_script", "cache"} & pipeline[".update"].keys()
    assert not re.search(r"\b(uv|uvx|just|python3?)\b", "\n".join(job["script"]))


@pytest.mark.slow
def test_a_scheduled_pipeline_gives_the_token_to_one_job_alone(forge: Forge, project: Path) -> None:
    checkout = forge.clone("checkout")
    shutil.copytree(project, checkout, dirs_exist_ok=True)
    git("add", "--all", folder=checkout)
    git("commit", "--quiet", "--message", "project", folder=checkout)
    git("push", "--quiet", "origin", "HEAD:main", folder=checkout)
    schedule = {"CI_PIPELINE_SOURCE": "schedule", "UPDATE_TEMPLATE": "1", "CI_REPOSITORY_URL": URL}
    runner = forge.environment(f'test -z "$UPDATE_TEMPLATE_TOKEN" || exit 8\n{finds_one()}')

    everywhere = {"UPDATE_TEMPLATE_TOKEN": {"*": "hush"}}
    told = run_pipeline(checkout, variables=schedule, scoped=everywhere, expect=1, **runner)
    assert re.findall(r"^ FAIL +([a-z-]+)", told, re.M) == ["update-template"]
    assert not forge.proposed()

    in_one_job = {"UPDATE_TEMPLATE_TOKEN": {"update-template": "hush"}}
    told = run_pipeline(checkout, variables=schedule, scoped=in_one_job, **runner)
    assert re.findall(r"^ PASS +([a-z-]+)", told, re.M) == ["update-template", "propose-template"]
    assert forge.proposed() == "one"
