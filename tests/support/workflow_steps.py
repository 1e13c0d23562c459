"""Runs the jobs of a GitHub workflow on this machine: each `run:` step, as a runner would."""

import itertools
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from owner import owner_environment

ACTIONS = {
    "actions/attest": "needs GitHub's signature; nothing after it reads what it makes",
    "actions/checkout": "the steps run in a checkout",
    "actions/dependency-review-action": "asks GitHub what a pull request adds",
    "actions/upload-artifact": "what a job leaves stays in its folder",
    "aquasecurity/setup-trivy": "a stand-in for trivy is on PATH",
    "astral-sh/setup-uv": "uv is on PATH",
    "docker/build-push-action": "needs BuildKit; tests/containers builds the same images",
    "pypa/gh-action-pypi-publish": "the index trusts GitHub alone",
    "sigstore/cosign-installer": "a stand-in for cosign is on PATH",
    "zizmorcore/zizmor-action": "tests/linters/test_linters.py runs zizmor",
}
"""What runs no command here, with the reason why a job works without it."""

SHELLS = {
    "": ["bash", "-e"],
    "bash": ["bash", "--noprofile", "--norc", "-eo", "pipefail"],
    "python": [sys.executable],
    "sh": ["sh", "-e"],
}
"""How a runner on Linux starts the shell of a step."""

VALUES = {
    "github.token": "the-token",
    "github.ref": "refs/heads/main",
    "github.event.release.tag_name": "v1.2.3",
    "github.event.repository.private": "false",
    "matrix.accelerator": "cpu",
    "matrix.os": "ubuntu-latest",
    "matrix.target": "serve",
    "runner.temp": "the-temporary-folder",
    "secrets.PACKAGE_INDEX_NETRC": "",
    "secrets.RETRAIN_ENV": "MY_ML_PROJECT_SEED=0",
    "secrets.TEMPLATE_TOKEN": "",
    "vars.AUDIT_DATABASE": "",
    "vars.RETRAIN": "",
    "vars.SIGN_IMAGES": "",
    "join(needs.*.result, ' ')": "success success",
    "always()": "true",
}
"""What expressions stand for, unless a test says otherwise; what is not here fails the test."""


def load(path: Path) -> dict[Any, Any]:
    """Read a YAML file of a forge; YAML takes the key `on` for True."""
    loaded: dict[Any, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return loaded


class Run:
    """One run of a job: what its steps did, in the order of the workflow."""

    def __init__(
        self, path: Path, job: str, values: Mapping[str, str] | None = None, **environment: str
    ) -> None:
        self.workflow = load(path)
        self.job: dict[str, Any] = self.workflow["jobs"][job]
        self.values = VALUES | dict(values or {})
        self.ran: list[str] = []
        self.failed = ""
        self.told = ""
        self.summary = ""
        self._environment = dict(environment)
        for level in (self.workflow, self.job):
            for name, value in level.get("env", {}).items():
                self._environment[name] = self.expand(str(value))
                self.values[f"env.{name}"] = self._environment[name]

    def expand(self, text: str) -> str:
        """Replace the expressions of a text by their values."""
        return re.sub(r"\$\{\{(.*?)\}\}", lambda found: self.evaluate(found[1].strip()), text)

    def evaluate(self, text: str) -> str:
        """Find the value of an expression, of the few kinds that workflows have here."""
        context, name, *_ = [*text.split("."), ""]
        is_foreign = context == "matrix" and name not in self.job["strategy"]["matrix"]
        if text in self.values and not is_foreign:
            return self.values[text]
        if " || " in text:
            values = [self.evaluate(part) for part in text.split(" || ")]
            return next((value for value in values if is_true(value)), values[-1])
        if compared := re.fullmatch(r"(.+) (==|!=) (.+)", text):
            are_equal = self.evaluate(compared[1]) == self.evaluate(compared[3])
            return str(are_equal == (compared[2] == "==")).lower()
        if text.startswith("!"):
            return str(not is_true(self.evaluate(text[1:]))).lower()
        if quoted := re.fullmatch(r"'([^']*)'", text):
            return quoted[1]
        if found := re.fullmatch(r"steps\.(\w+)\.outputs\.(\w+)", text):
            written = [s.get("run", "") for s in self.job["steps"] if s.get("id") == found[1]]
            if any(f"{found[2]}=" in script for script in written):
                return ""  # The step did not run, or had nothing to say.
        pytest.fail(f"tests/support/workflow_steps.py knows no value of the expression: {text}")

    def go(self, folder: Path, temporary: Path) -> "Run":
        """Run the steps in a folder, until one fails."""
        paths: list[str] = []
        for step in self.job["steps"]:
            condition = step.get("if", "").removeprefix("${{").removesuffix("}}").strip()
            if self.failed and "always()" not in condition:
                continue
            if condition and not is_true(self.evaluate(condition)):
                continue
            if "uses" in step:
                action = step["uses"].partition("@")[0]
                assert action in ACTIONS, (
                    f"tests/support/workflow_steps.py knows no action {action}"
                )
                for text in [*step.get("with", {}).values(), *step.get("env", {}).values()]:
                    self.expand(str(text))
                continue
            self._run_step(step, folder, temporary, paths)
        return self

    @property
    def outputs(self) -> dict[str, str]:
        """What the job says to others that need it."""
        return {key: self.expand(value) for key, value in self.job.get("outputs", {}).items()}

    def _run_step(
        self, step: Mapping[str, Any], folder: Path, temporary: Path, paths: list[str]
    ) -> None:
        name = step.get("name", step["run"])
        files = {
            f"GITHUB_{key}": temporary / key.lower()
            for key in ("ENV", "OUTPUT", "PATH", "STEP_SUMMARY")
        }
        for file in files.values():
            file.write_text("")
        defaults = {
            key: value
            for level in (self.workflow, self.job)
            for key, value in level.get("defaults", {}).get("run", {}).items()
        }
        shell = step.get("shell", defaults.get("shell", ""))
        assert shell in SHELLS, f"tests/support/workflow_steps.py knows no shell {shell}"
        script = temporary / "script"
        script.write_text(self.expand(step["run"]), encoding="utf-8")
        environment = owner_environment() | {"CI": "true", "GITHUB_ACTIONS": "true"}
        environment |= {"RUNNER_TEMP": str(temporary)} | self._environment
        environment |= {key: self.expand(str(value)) for key, value in step.get("env", {}).items()}
        environment |= {key: str(file) for key, file in files.items()}
        environment["PATH"] = os.pathsep.join([*reversed(paths), environment["PATH"]])
        place = self.expand(step.get("working-directory", defaults.get("working-directory", ".")))
        done = subprocess.run(
            [*SHELLS[shell], str(script)],
            cwd=folder / place,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
        )
        self.ran.append(name)
        self.told += done.stdout
        self.summary += files["GITHUB_STEP_SUMMARY"].read_text(encoding="utf-8")
        paths += files["GITHUB_PATH"].read_text(encoding="utf-8").split()
        for key, value in assignments(files["GITHUB_ENV"].read_text(encoding="utf-8")):
            self._environment[key] = self.values[f"env.{key}"] = value
        for key, value in assignments(files["GITHUB_OUTPUT"].read_text(encoding="utf-8")):
            self.values[f"steps.{step.get('id')}.outputs.{key}"] = value
        if done.returncode and not step.get("continue-on-error"):
            self.failed = self.failed or name


def is_true(value: str) -> bool:
    """Judge a value as GitHub does, where all are texts."""
    return value not in ("", "false", "0")


def assignments(text: str) -> list[tuple[str, str]]:
    """Read what a step has written down: lines `name=value`, or `name<<END`, a text, `END`."""
    lines = iter(text.splitlines())
    found = []
    for line in lines:
        name, mark, value = re.split(r"(=|<<)", line, maxsplit=1)
        if mark == "<<":
            value = "\n".join(itertools.takewhile(lambda text, end=value: text != end, lines))
        found.append((name, value))
    return found
