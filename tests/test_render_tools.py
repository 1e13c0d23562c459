"""What other people's checkers say of a render and of its workflows."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, Render

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
