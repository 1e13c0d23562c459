"""A render is small enough to be read in an hour: lines and files stay below their limits."""

from pathlib import Path

import pytest
from conftest import Render, domain

LIMITS = {
    "minimal": {"lines of src": 1_200, "files": 65, "lines of tests": 700},
    "standard": {"lines of src": 2_000, "files": 100, "lines of tests": 1_200},
    "everything": {"lines of src": 3_000, "files": 130, "lines of tests": 1_800},
}
"""What a project of each profile may have. A limit that cannot be kept is a decision to be written
in docs/decisions, not a reason to split files or to drop docstrings."""

OTHERS = {"other lines of Python": 60}
"""What each may have outside of src and tests."""

MADE = {".copier-answers.yml", "uv.lock"}
"""Generated files that people do not read."""


ACCEPTED = {
    "minimal": {"lines of src": 2_283},
    "standard": {"lines of src": 3_701},
    "everything": {"lines of src": 4_511},
}
"""Lines above a limit that docs/decisions/0016-core-and-parts.md and 0017-own-tables.md accept."""


def measure(project: Path) -> dict[str, int]:
    """Count what an owner has to read."""
    paths = [path.relative_to(project) for path in project.rglob("*") if path.is_file()]
    lines = {"src": 0, "tests": 0, "": 0}
    for path in (path for path in paths if path.suffix == ".py"):
        folder = path.parts[0] if path.parts[0] in lines else ""
        lines[folder] += len((project / path).read_text(encoding="utf-8").splitlines())
    return {
        "lines of src": lines["src"],
        "files": len([path for path in paths if path.name not in MADE]),
        "lines of tests": lines["tests"],
        "other lines of Python": lines[""],
    }


def test_every_profile_has_its_limits() -> None:
    assert LIMITS.keys() == {*domain("profile")} - {"choose"}


@pytest.mark.parametrize("framework", domain("framework"))
@pytest.mark.parametrize("profile", LIMITS)
def test_a_project_stays_small(render: Render, profile: str, framework: str) -> None:
    found = measure(render({"profile": profile, "framework": framework}))
    limits = LIMITS[profile] | OTHERS
    accepted = limits | ACCEPTED[profile]
    rows = [f"{n:,} of {limits[name]:,} {name}" for name, n in found.items()]
    told = f"{profile} {framework}: {', '.join(rows)}"
    print(told)
    assert all(n <= accepted[name] for name, n in found.items()), told
