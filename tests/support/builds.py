"""Which variants are built whole, and what a test tells of the variant that it ran.

The tests, the jobs of the forge and the page of variants take their lists from here.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml
from conftest import Answers, every_variant, questions
from loaded import plan

GOLDEN: dict[str, Answers] = {
    "newcomer": {
        "license": "Apache-2.0",
        "forge": "github",
        "dependency_bot": "dependabot",
        "framework": "sklearn",
        "package_index": "public",
        "profile": "standard",
    },
    "bare": {
        "license": "Proprietary",
        "forge": "gitlab",
        "dependency_bot": "renovate",
        "framework": "sklearn",
        "python_version": "3.13",
        "package_index": "public",
        "profile": "minimal",
    },
    "pytorch": {
        "license": "MIT",
        "forge": "none",
        "dependency_bot": "none",
        "framework": "pytorch",
        "python_version": "3.11",
        "cuda_version": "none",
        "package_index": "public",
        "profile": "everything",
    },
    "jax": {
        "license": "BSD-3-Clause",
        "forge": "github",
        "dependency_bot": "renovate",
        "framework": "jax",
        "python_version": "3.12",
        "cuda_version": "13.0",
        "package_index": "public",
        "profile": "choose",
        "features": ["promotion", "report", "serving", "tuning", "explanation", "devcontainer"],
    },
}
"""Variants that are built whole on any machine, each by a test of tests/project/test_golden.py."""


IMAGED: list[Answers] = [
    {"framework": "sklearn", "python_version": "3.11", "cuda_version": "none"}
    | {"package_index": "private", "package_index_auth": "token"},
    {"framework": "jax", "python_version": "3.13", "cuda_version": "13.0"}
    | {"package_index": "mirror", "package_index_auth": "none"},
    {"framework": "pytorch", "python_version": "3.11", "cuda_version": "none"}
    | {"package_index": "public"},
]
"""Answers that an image depends on, of variants whose images are built on any machine: those of
tests/containers."""


def complete(done: Iterable[Answers] = (), of: Iterable[str] = ()) -> list[Answers]:
    """Choose variants so that, with those that are done, each answer to each question is in one.

    Deterministic: of those that bring most, the first in the order of ``every_variant``.

    Args:
        done: Answers that need no variant any more.
        of: Questions; all that have choices, if there are none.
    """
    asked = set(of) or set(questions())
    offered = [
        (answers, {v for v in values(answers) if v[0] in asked}) for answers in every_variant()
    ]
    left = set().union(*(each for _, each in offered))
    for answers in done:
        left -= set(values(answers))
    chosen = []
    while left:
        best, each = max(offered, key=lambda row: len(left & row[1]))
        left -= each
        chosen.append(best)
    return chosen


def values(answers: Answers) -> Iterator[tuple[str, str]]:
    """Pair each question that has choices with what is answered; a part is there or not."""
    for name, question in questions().items():
        if "choices" in question and name in answers and not question.get("multiselect"):
            yield name, str(answers[name])
    if "profile" in answers:
        rows = plan._read_choices()["features"]
        parts = plan._parts(rows, answers)
        yield from ((f"part {name}", "yes" if name in parts else "no") for name in rows)


def tell(record_property: Any, steps: str, *ran: Path | Answers) -> None:
    """Note for the page of variants what a test does, and with which projects or answers.

    Args:
        record_property: The fixture; it writes to the report of ``--junitxml``.
        steps: Words of ``STEPS`` in scripts/write_variants.py, with blanks between them.
        ran: Folders of projects, or answers.
    """
    told = [dict(values(_recorded(one) if isinstance(one, Path) else one)) for one in ran]
    record_property("variants", json.dumps({"steps": steps.split(), "answers": told}))


def _recorded(project: Path) -> Answers:
    text = (project / ".copier-answers.yml").read_text(encoding="utf-8")
    found: Answers = yaml.safe_load(text)
    return found
