"""Say what is wrong with a machine, and what to do.

``machine.py`` and ``locking.py`` have the facts, ``builds.toml`` the needs; ``diagnosis.py``
and ``accelerator.py`` compare.
"""

import json
import tomllib
import warnings
from collections.abc import Iterator
from dataclasses import asdict, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

from . import locking, machine
from .accelerator import judge_accelerator
from .diagnosis import Facts, Finding, judge_project
from .machine import Machine

BROKEN = (ImportError, OSError, RuntimeError, AttributeError)
"""What a framework raises that is missing, incomplete, of another release, or fails to start."""


def report(*, as_json: bool = False) -> tuple[str, bool]:
    """Examine everything.

    Returns:
        The report, as a table or as JSON, and whether there is a problem.
    """
    findings = list(judge(examine()))
    has_problem = any(finding.verdict == "problem" for finding in findings)
    if as_json:
        return json.dumps([asdict(finding) for finding in findings], indent=2), has_problem
    return "\n".join(_table(findings)), has_problem


def judge(facts: Facts) -> Iterator[Finding]:
    """Judge everything. Pure: the same facts give the same findings."""
    yield from judge_project(facts)
    yield from judge_accelerator(facts)


def first_problem() -> str:
    """Say the first problem of driver, GPUs and build in one line, or nothing."""
    facts = _look(machine.read(), read_needs())
    problems = (found for found in judge_accelerator(facts) if found.verdict == "problem")
    return next((found.line() for found in problems), "")


def read_needs() -> dict[str, Any]:
    """Read what the project's builds need of a machine."""
    return tomllib.loads((files(__package__) / "builds.toml").read_text(encoding="utf-8"))


def examine() -> Facts:
    """Look at the machine, the build, the devices, the lock and the indexes."""
    needs = read_needs()
    facts = _look(machine.read(), needs, must_try=True)
    extra = "cuda" if facts.build and facts.build.cuda and "cuda" in needs else "cpu"
    return replace(
        facts,
        locked=locking.builds(Path("uv.lock"), needs),
        index=locking.ask_indexes(Path("pyproject.toml"), extra if "package" in needs else ""),
    )


def _look(here: Machine, needs: dict[str, Any], *, must_try: bool = False) -> Facts:
    """Import the framework and ask it for its build and devices; try each of them if asked to."""
    try:
        with warnings.catch_warnings(action="ignore"):  # The findings say the same, and more.
            from . import devices

            build = devices.build()
            found = tuple(devices.found())
    except BROKEN as error:
        return Facts(here, needs, build_error=_in_one_line(error))
    failures = {}
    for device in found if must_try else ():
        try:
            devices.try_out(device)
        except RuntimeError as error:
            failures[device.index] = _in_one_line(error)
    return Facts(here, needs, build, devices=found, failures=failures)


def _in_one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__


def _table(findings: list[Finding]) -> Iterator[str]:
    width = max(len(finding.subject) for finding in findings)
    for finding in findings:
        yield f"{finding.verdict:8}{finding.subject:{width}}  {finding.fact}"
    yield ""
    for finding in findings:
        if finding.verdict != "ok":
            yield f"{finding.verdict}: {finding.line()}"
