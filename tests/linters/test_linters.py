"""Linters that read one file at a time find nothing in renders, nothing in this repository, and
what is planted for them. docs/reference/linters.md has their list, and the reason of every ignore.
"""

from pathlib import Path

import pytest
from linting import HERE, Linter, ours, plant, rendered, run

SECRET = "ghp_" + "1bS8b3mT9x0pQ7vZ4kL2" + "nR6cW5yH0dJ3aF8e"
"""Looks like a token of GitHub; in one piece, this file would be the first finding."""

LINTERS = {
    "typos": Linter(
        ["typos", "--config", str(HERE / "typos.toml"), "--format", "brief", "--force-exclude"],
        r"(?!.*\.lock$)(?!extensions/(versions|names)\.txt$).*",
        "README.md",
        "It is " + "recie" + "ved.\n",
        "should be `received`",
    ),
    "yamllint": Linter(
        ["yamllint", "--strict", "--config-file", str(HERE / "yamllint.yaml")],
        # Only Copier and its tests write the answers file.
        r"(?!\.copier-answers\.yml$).*\.ya?ml",
        "config/base.yaml",
        "seed: 1\nseed: 2\n",
        "duplication of key",
    ),
    "taplo lint": Linter(
        ["taplo", "lint", "--no-schema", "--colors", "never"],
        r".*\.toml",
        "pyproject.toml",
        '[project]\nname = "a"\nname = "b"\n',
        "conflicting keys",
    ),
    "taplo format": Linter(
        ["taplo", "format", "--check", "--config", str(HERE / "taplo.toml"), "--colors", "never"],
        r".*\.toml",
        "pyproject.toml",
        "[project]\nname='a'\n",
        "",  # On a busy machine it ends before its log is written.
    ),
    "validate-pyproject": Linter(
        ["validate-pyproject"],
        r"pyproject\.toml",
        "pyproject.toml",
        '[project]\nname = "a"\nversion = "1"\nclassifiers = ["Programming Language :: Snake"]\n',
        "Invalid file",
    ),
    "kingfisher": Linter(
        ["kingfisher", "scan", "--quiet", "--no-validate", "--no-update-check", "--redact"],
        r".*",
        "src/settings.py",
        f'TOKEN = "{SECRET}"\n',
        "GitHub Personal Access Token",
    ),
    "zizmor": Linter(
        ["zizmor", "--offline", "--persona", "auditor", "--no-progress"],
        r"\.github/.*\.yml",
        ".github/workflows/ci.yml",
        "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - uses: actions/checkout@v4\n",
        "unpinned-uses",
    ),
    "hadolint": Linter(
        ["hadolint", "--no-color"],
        r"Dockerfile",
        "Dockerfile",
        "FROM python\nRUN cd /tmp && echo $HOME\n",
        "DL3006",
    ),
    "shellcheck": Linter(
        ["shellcheck", "--norc", "--severity", "style"],
        r"\.ci/run|.*\.sh",
        "scripts/run.sh",
        "#!/bin/sh\nrm -rf $1/bin\n",
        "SC2086",
    ),
}

ONLY_IN_RENDERS = {"hadolint"}
ONLY_OURS = {"shellcheck"}
"""Renders have no scripts; test_shell.py checks the shell in their other files."""


def named(*without: str) -> list[str]:
    return [name for name in LINTERS if name not in without]


@pytest.mark.parametrize("name", named(*ONLY_OURS))
def test_it_finds_nothing_in_renders(name: str, covering: Path) -> None:
    files = rendered(covering, LINTERS[name].reads)
    assert files
    status, told = run(LINTERS[name], files)
    assert status == 0, told


@pytest.mark.parametrize("name", named(*ONLY_IN_RENDERS))
def test_it_finds_nothing_in_this_repository(name: str) -> None:
    files = ours(LINTERS[name].reads)
    assert files
    status, told = run(LINTERS[name], files)
    assert status == 0, told


@pytest.mark.parametrize("name", named())
def test_it_finds_what_is_planted(name: str, tmp_path: Path) -> None:
    linter = LINTERS[name]
    status, told = run(linter, [plant(linter, tmp_path)], tmp_path)
    assert status != 0
    assert linter.says in told
