"""Whatever a linter is told to pass over, the reason stands beside it."""

import re
from pathlib import Path

import pytest
from linting import HERE, ours, rendered

SOURCES = r".*\.(py|yml|yaml|toml|md)|Dockerfile|justfile|\.ci/run"

IN_LINE = re.compile(r"# noqa\b|zizmor: ignore|# type: ignore|#.*pragma: no cover")
EXPLAINED = re.compile(
    r"# noqa: [A-Z]+\d+(, [A-Z]+\d+)*  \(.+\)"
    r"|# zizmor: ignore\[[\w-]+\] \w+"
    r"|# type: ignore\[[\w-]+(, ?[\w-]+)*\]"  # The name of the code is the reason.
)
ABOVE = re.compile(r"^\s*# (hadolint ignore=|shellcheck disable=)")


def unexplained(text: str) -> list[str]:
    """Find what is passed over without a reason."""
    lines = text.splitlines()
    bare = [line for line in lines if IN_LINE.search(line) and not EXPLAINED.search(line)]
    for number, line in enumerate(lines):
        if ABOVE.search(line) and not re.match(r"\s*# \w", lines[number - 1]):
            bare.append(line)
    return bare


def unexplained_rules(pyproject: str) -> list[str]:
    """Find the rules of ruff that are left out without a reason; a pair shares the one above."""
    section = pyproject.partition("[tool.ruff.lint]")[2].partition("[tool.mypy]")[0]
    rules = [line for line in section.splitlines() if re.search(r'"[A-Z]+\d*"', line)]
    said = [line for line in rules if '"ALL"' not in line]
    shared = ('"D213"', '"PLR0917"')
    return [line for line in said if "#" not in line and not any(one in line for one in shared)]


def test_renders_explain_what_they_pass_over(covering: Path) -> None:
    files = rendered(covering, SOURCES)
    found = {path: unexplained(path.read_text(encoding="utf-8")) for path in files}
    assert not {path: bare for path, bare in found.items() if bare}
    for pyproject in rendered(covering, r"pyproject\.toml"):
        assert not unexplained_rules(pyproject.read_text(encoding="utf-8"))


def test_this_repository_explains_what_it_passes_over() -> None:
    files = [path for path in ours(SOURCES) if path.parent != HERE]
    found = {path: unexplained(path.read_text(encoding="utf-8")) for path in files}
    assert not {path: bare for path, bare in found.items() if bare}
    (pyproject,) = ours(r"pyproject\.toml")
    assert not unexplained_rules(pyproject.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "text",
    [
        "x = 1  # noqa\n",
        "x = 1  # noqa: E501\n",
        "x = 1  # type: ignore\n",
        "y: 1 # zizmor: ignore[excessive-permissions]\n",
        "\n# hadolint ignore=DL3008\nRUN x\n",
    ],
)
def test_a_bare_ignore_is_found(text: str) -> None:
    assert unexplained(text)


def test_a_bare_rule_is_found() -> None:
    assert unexplained_rules('[tool.ruff.lint]\nignore = [\n    "E501",\n]\n')
