"""Every job of every workflow, run as far as it can be without GitHub and without Docker.

test_golden.py runs the same jobs in a whole project; here, programs stand for uv and the others.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import stand_ins
import yaml
from conftest import ROOT, copy, git
from workflow_steps import ACTIONS, SHELLS, Run, load

FOLDER = ROOT / "template" / ".github" / "workflows"
OURS = ROOT / ".github" / "workflows"
JOBS = [
    (path.name, job)
    for path in sorted(FOLDER.glob("*.yml"))
    for job in load(path)["jobs"]
    if job != "propose"  # test_update_workflow.py runs it, with what there is to propose.
]
RUNNER = {
    "GITHUB_ACTOR": "ada",
    "GITHUB_EVENT_NAME": "release",
    "GITHUB_REF": "refs/heads/main",
    "GITHUB_REF_NAME": "main",
    "GITHUB_REPOSITORY": "Ada/Churn",
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_SHA": "0" * 40,
}
IMAGE = "ghcr.io/ada/churn/serve"

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the workflows run on Linux")


class Runner:
    """A checkout of a project, and programs in the place of those that a runner has."""

    def __init__(self, project: Path, folder: Path) -> None:
        self.checkout = shutil.copytree(project, folder / "checkout")
        self.workflows = self.checkout / ".github" / "workflows"
        self.temporary = folder / "temporary"
        self.temporary.mkdir()
        self.home = folder / "home"
        self.home.mkdir()
        self.environment = RUNNER | {"HOME": str(self.home)} | stand_ins.put(folder / "programs")

    def run(
        self, name: str, job: str, values: dict[str, str] | None = None, **environment: str
    ) -> Run:
        run = Run(self.workflows / name, job, values, **self.environment, **environment)
        return run.go(self.checkout, self.temporary)

    def calls(self, program: str) -> list[str]:
        """How a program was called."""
        file = Path(self.environment["CALLS"])
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        return [line.partition(" ")[2] for line in lines if line.startswith(f"{program} ")]


@pytest.fixture(scope="module")
def project(unpacked: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in a repository."""
    folder = copy(unpacked, tmp_path_factory.mktemp("project") / "project", {})
    own = copy(unpacked, tmp_path_factory.mktemp("own") / "project", {"code": "own"})
    checks = ".github/workflows/checks.yml"  # Instead of ci.yml, where the code is not ours.
    (folder / checks).write_bytes((own / checks).read_bytes())
    git("init", "--quiet", "--initial-branch=main", folder=folder)
    git("add", "--all", folder=folder)
    git("commit", "--quiet", "--message", "start", folder=folder)
    return folder


@pytest.fixture
def runner(project: Path, tmp_path: Path) -> Runner:
    return Runner(project, tmp_path)


@pytest.mark.parametrize(("name", "job"), JOBS)
def test_every_job_ends_well(runner: Runner, name: str, job: str) -> None:
    run = runner.run(name, job)
    assert not run.failed, run.told
    assert run.ran == [step["name"] for step in run.job["steps"] if "run" in step]


@pytest.mark.parametrize(
    ("name", "job", "old", "new"),
    [
        ("ci.yml", "check", "just check", "just chekc"),
        ("ci.yml", "build", "uv run --locked", "uvrun --locked"),
        ("ci.yml", "pass", "= success", "= sucess"),
        ("images.yml", "plan", "tomllib.load(", "tomlib.load("),
        ("images.yml", "build", "docker run", "dokcer run"),
        ("images.yml", "build", "matrix.target", "matrix.tagret"),
        ("publish.yml", "publish", "| jq .rootfs", "| jq .rotfs"),
        ("publish.yml", "publish", "steps.build.outputs.image", "steps.biuld.outputs.image"),
        ("publish.yml", "publish", "steps.push.outputs.digest", "steps.push.outputs.diges"),
        ("project.yml", "project", "just project", "just projects"),
        ("update-template.yml", "update", "just update-template", "just update-templates"),
    ],
)
def test_a_slip_of_the_pen_is_found(
    runner: Runner, name: str, job: str, old: str, new: str
) -> None:
    path = runner.workflows / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    assert failure(runner, name, job)


def failure(runner: Runner, name: str, job: str) -> str:
    """Run a job; return the step that failed, or the unknown expression."""
    try:
        return runner.run(name, job).failed
    except pytest.fail.Exception as unknown:
        return str(unknown)


@pytest.mark.parametrize("secret", ["", "machine a\nlogin b\npassword c"])
@pytest.mark.parametrize("job", ["check", "test", "build"])
def test_the_password_of_an_index_gets_into_its_file_alone(
    runner: Runner, job: str, secret: str
) -> None:
    run = runner.run("ci.yml", job, {"secrets.PACKAGE_INDEX_NETRC": secret})
    assert not run.failed, run.told
    netrc = runner.home / ".netrc"
    assert netrc.exists() == bool(secret)
    if secret:
        assert netrc.read_text() == f"{secret}\n"
        assert netrc.stat().st_mode & 0o777 == 0o600
    assert "password" not in run.told
    assert git("status", "--porcelain", folder=runner.checkout) == ""


@pytest.mark.parametrize("name", ["ci.yml", "images.yml"])
@pytest.mark.parametrize("result", ["failure", "cancelled", "skipped"])
def test_a_job_that_did_not_succeed_fails_the_last_one(
    runner: Runner, name: str, result: str
) -> None:
    run = runner.run(name, "pass", {"join(needs.*.result, ' ')": f"success {result}"})
    assert run.failed == "Every job succeeded"


def test_a_release_is_tried_scanned_pushed_signed_and_tagged(runner: Runner) -> None:
    run = runner.run("publish.yml", "publish")
    assert not run.failed, run.told
    build, push = (call for call in runner.calls("docker") if call.startswith("buildx build"))
    assert "--target serve" in build
    assert "push" not in build
    assert f"name={IMAGE},push=true" in push
    assert "ml.environment.fingerprint=abc" in push
    assert runner.calls("cosign") == [f"sign --yes {IMAGE}@sha256:1"]
    tags = [c for c in runner.calls("docker") if c.startswith("buildx imagetools create")]
    assert [call.split()[-2:] for call in tags] == [
        [f"{IMAGE}:1.2.3-cpu", f"{IMAGE}@sha256:1"],
        [f"{IMAGE}:1.2.3", f"{IMAGE}@sha256:1"],
    ]
    assert runner.calls("sudo") == []


@pytest.mark.parametrize(
    ("private", "variable", "signs"),
    [("false", "", True), ("true", "", False), ("true", "true", True)],
)
def test_a_private_repository_signs_if_its_owner_says_so(
    runner: Runner, private: str, variable: str, signs: bool
) -> None:
    values = {"github.event.repository.private": private, "vars.SIGN_IMAGES": variable}
    assert not runner.run("publish.yml", "publish", values).failed
    assert bool(runner.calls("cosign")) == signs


@pytest.mark.parametrize(
    ("values", "environment", "failed"),
    [
        ({"github.event.release.tag_name": "v1 2"}, {}, "Build and test"),
        ({"github.event.release.tag_name": "v1.0+local"}, {}, "Build and test"),
        ({}, {"PUSHED_LAYER": "sha256:b"}, "Push the scanned image"),
        ({}, {"TAKEN": "sha256:2"}, "Tag"),
    ],
)
def test_a_release_that_is_not_as_it_was_tried_gets_no_tag(
    runner: Runner, values: dict[str, str], environment: dict[str, str], failed: str
) -> None:
    assert runner.run("publish.yml", "publish", values, **environment).failed == failed
    assert not [call for call in runner.calls("docker") if "imagetools create" in call]


def test_an_image_for_cuda_makes_room_and_has_its_own_tag(runner: Runner) -> None:
    values = {"matrix.accelerator": "cuda"}
    assert not runner.run("publish.yml", "publish", values, TAKEN="sha256:1").failed
    assert [call.split()[0] for call in runner.calls("sudo")] == ["rm"]
    (tag,) = (call for call in runner.calls("docker") if "imagetools create" in call)
    assert tag.split()[-2] == f"{IMAGE}:1.2.3-cuda"
    run = runner.run("images.yml", "build", values)
    assert run.ran == ["Prepare", "Test"]  # Trivy has looked at the one for the CPU.


@pytest.mark.parametrize(
    ("accelerator", "ref", "written"),
    [
        ("cpu", "refs/heads/main", ["epoch", "from", "to"]),
        ("cpu", "refs/pull/1/merge", ["epoch", "from"]),
        ("cuda", "refs/heads/main", ["epoch"]),
    ],
)
def test_main_alone_writes_to_the_cache(
    runner: Runner, accelerator: str, ref: str, written: list[str]
) -> None:
    runner.environment["GITHUB_REF"] = ref
    run = runner.run("images.yml", "build", {"matrix.accelerator": accelerator})
    found = [key.rpartition(".")[2] for key in run.values if key.startswith("steps.prepare.")]
    assert found == written


@pytest.mark.parametrize("path", [*FOLDER.glob("*.yml"), *OURS.glob("*.yml")], ids=str)
def test_every_command_is_one_that_its_shell_reads(path: Path) -> None:
    for job in load(path)["jobs"].values():
        for step in job.get("steps", []):
            if "run" not in step:
                continue
            shell = SHELLS[step.get("shell", "")]
            check = [*shell, "-n"] if shell[0] != sys.executable else [*shell, "-c", COMPILE]
            subprocess.run(check, input=step["run"], encoding="utf-8", check=True)


COMPILE = "import sys; compile(sys.stdin.read(), 'step', 'exec')"


def test_the_table_has_no_action_that_is_not_used() -> None:
    files = (*FOLDER.glob("*.yml"), *OURS.glob("*.yml"))
    text = "".join(path.read_text(encoding="utf-8") for path in files)
    used = set(re.findall(r"uses: (\w[\w.-]*/[\w.-]+)", text))
    assert used == ACTIONS.keys()


def little_job(folder: Path, *steps: dict[str, Any], **job: Any) -> Run:
    """Run a job of some steps."""
    path = folder / "little.yml"
    workflow = {"env": {"LEVEL": "workflow"}, "jobs": {"little": {"steps": list(steps)} | job}}
    path.write_text(yaml.safe_dump(workflow), encoding="utf-8")
    (folder / "temporary").mkdir()
    return Run(path, "little").go(folder, folder / "temporary")


def test_steps_tell_each_other_things(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    told = 'echo "one=1" >> "$GITHUB_OUTPUT"; printf "LONG<<END\\na\\nb\\nEND\\n" >> "$GITHUB_ENV"'
    program = "mkdir bin && printf '#!/bin/sh\\necho found\\n' > bin/mine && chmod +x bin/mine"
    run = little_job(
        tmp_path,
        {"id": "first", "run": f'{told}; {program}; echo "$PWD/bin" >> "$GITHUB_PATH"'},
        {"run": 'mine; echo "$LONG $LEVEL $ONE"', "env": {"ONE": "${{ steps.first.outputs.one }}"}},
        {"run": "pwd; echo summed >> $GITHUB_STEP_SUMMARY", "working-directory": "inner"},
        {"run": "print(1 + 1)", "shell": "python", "if": "${{ steps.first.outputs.one == '1' }}"},
        {"run": "echo never", "if": "steps.first.outputs.one != '1'"},
    )
    assert run.told == f"found\na\nb workflow 1\n{tmp_path / 'inner'}\n2\n"
    assert run.summary == "summed\n"


def test_what_comes_after_a_failure_waits_for_always(tmp_path: Path) -> None:
    run = little_job(
        tmp_path,
        {"name": "tolerated", "run": "exit 1", "continue-on-error": True},
        {"name": "pipe", "run": "false | true"},
        {"name": "strict pipe", "run": "false | true", "shell": "bash"},
        {"name": "after", "run": "echo after"},
        {"name": "always", "run": "echo always", "if": "always()"},
    )
    assert run.failed == "strict pipe"
    assert run.ran == ["tolerated", "pipe", "strict pipe", "always"]


def test_an_expression_or_action_that_nobody_knows_is_named(tmp_path: Path) -> None:
    with pytest.raises(pytest.fail.Exception, match=r"github\.nothing"):
        little_job(tmp_path, {"run": "echo ${{ github.nothing }}"})
    shutil.rmtree(tmp_path / "temporary")
    with pytest.raises(AssertionError, match="knows no action owner/action"):
        little_job(tmp_path, {"uses": "owner/action@v1"})
