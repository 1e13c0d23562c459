"""What other people's checkers say of a render and of its workflows."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, Answers, Render, label

FORGIVEN = ("PC1", "PC9", "PY007")
"""Checks of sp-repo-review that stay; docs/decisions/0006-tools-from-the-lock.md says why."""


@pytest.mark.parametrize("framework", ["sklearn", "pytorch", "jax"])
def test_repo_review_fails_nothing_but_what_is_explained(render: Render, framework: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "repo_review", "--format", "json", render({"framework": framework})],
        stdout=subprocess.PIPE,
        encoding="utf-8",
        check=False,
    )
    checks = json.loads(done.stdout)["checks"]
    failed = {name for name, check in checks.items() if check["result"] is False}
    assert len(checks) > 50
    assert not {name for name in failed if not name.startswith(FORGIVEN)}


@pytest.mark.parametrize("folder", [ROOT, ROOT / "template"], ids=["ours", "render"])
def test_zizmor_finds_nothing_in_the_workflows(folder: Path) -> None:
    zizmor = shutil.which("zizmor", path=Path(sys.executable).parent)
    assert zizmor, "needs zizmor, which the development group installs"
    options = ["--offline", "--persona", "auditor", "--no-progress", "--quiet"]
    subprocess.run([zizmor, *options, folder / ".github"], check=True)


@pytest.mark.skipif(sys.platform == "win32", reason="hadolint is not packaged for Windows")
@pytest.mark.parametrize(
    "answers",
    [
        {"framework": "sklearn"},
        {"framework": "jax", "cuda_version": "13.0"},
        {"framework": "pytorch", "cuda_version": "13.0"},
        {"package_index": "private", "package_index_auth": "token"}
        | {"package_index_url": "https://packages.example.org/simple"},
    ],
    ids=label,
)
def test_hadolint_finds_nothing_in_the_dockerfile(render: Render, answers: Answers) -> None:
    hadolint = shutil.which("hadolint", path=Path(sys.executable).parent)
    assert hadolint, "needs hadolint, which the development group installs"
    dockerfile = render(answers) / "Dockerfile"
    subprocess.run([hadolint, "--no-color", dockerfile], check=True)
    lines = dockerfile.read_text(encoding="utf-8").splitlines()
    ignored = [number for number, line in enumerate(lines) if "hadolint ignore" in line]
    assert all(lines[number - 1].startswith("# ") for number in ignored), "give a reason"
