"""Judge what every project depends on: platform, Python, C library, lock, indexes.

Pure: the same facts give the same findings. ``accelerator.py`` judges the rest.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from . import locking
from .machine import Build, Device, Machine

SYNC = "uv run just sync"
LEAST_GLIBC = (2, 28)
"""That of the manylinux_2_28 wheels, which the framework and most others publish."""

PLATFORMS = {
    ("linux", "x86_64"),
    ("linux", "aarch64"),
    ("darwin", "arm64"),
    ("windows", "AMD64"),
}
"""Systems and processors that the lock serves."""

Verdict = Literal["ok", "note", "problem"]


@dataclass(frozen=True)
class Finding:
    """One fact, and what to make of it."""

    subject: str
    fact: str
    verdict: Verdict = "ok"
    expected: str = ""
    remedy: str = ""

    def line(self) -> str:
        """Tell the fact, what was expected, and the remedy."""
        expected = f", {self.expected}" if self.expected else ""
        return f"{self.fact}{expected}: {self.remedy}" if self.remedy else self.fact + expected


@dataclass(frozen=True)
class Facts:
    """All that is judged."""

    machine: Machine
    needs: dict[str, Any]
    """``builds.toml``."""

    build: Build | None = None
    """The framework's build; none if it cannot be imported."""

    build_error: str = ""
    """Why it cannot."""

    devices: tuple[Device, ...] = ()
    failures: dict[int, str] = field(default_factory=dict)
    """Index of each device on which the small calculation failed, and why."""

    locked: tuple[str, ...] | None = None
    """Builds of the framework in the lock, such as 2.15.0+cu130; none without a lock."""

    index: str | None = None
    """What uv says of the indexes, empty if all is well; none if it was not asked."""


def judge_project(facts: Facts) -> Iterator[Finding]:
    """Judge subject by subject."""
    for subject in (_platform, _python, _libc, _lock, _indexes):
        yield from subject(facts)


def order(version: str) -> tuple[int, ...]:
    """Return what a version is compared by: the numbers before anything else."""
    numbers = []
    for part in version.split("."):
        digits = part[: len(part) - len(part.lstrip("0123456789"))]
        if not digits:
            break
        numbers.append(int(digits))
    return tuple(numbers)


def _platform(facts: Facts) -> Iterator[Finding]:
    here = (facts.machine.system, facts.machine.processor)
    if here in PLATFORMS:
        yield Finding("platform", " ".join(here))
        return
    served = ", ".join(sorted(" ".join(one) for one in PLATFORMS))
    yield Finding(
        "platform",
        " ".join(here),
        "problem",
        f"the lock serves {served}",
        f"add this one to 'environments' in pyproject.toml, run 'uv lock' and '{SYNC}'",
    )


def _python(facts: Facts) -> Iterator[Finding]:
    here = facts.machine.python
    oldest, newest = facts.needs["python"]
    if order(oldest) <= order(here)[:2] <= order(newest):
        yield Finding("Python", here)
        return
    yield Finding(
        "Python",
        here,
        "problem",
        f"the lock serves {oldest} to {newest}",
        f"remove .venv and run 'uv python pin {newest}' and '{SYNC}'",
    )


def _libc(facts: Facts) -> Iterator[Finding]:
    name, _, version = facts.machine.libc.partition(" ")
    if not name:
        return
    least = ".".join(map(str, LEAST_GLIBC))
    if name == "glibc" and order(version) >= LEAST_GLIBC:
        yield Finding("C library", facts.machine.libc)
        return
    yield Finding(
        "C library",
        facts.machine.libc,
        "problem",
        f"the wheels need glibc {least}",
        "use a system of 2019 or later that has glibc, such as Debian, Ubuntu or RHEL 8",
    )


def _lock(facts: Facts) -> Iterator[Finding]:
    if facts.locked is None:
        if facts.index is not None:
            yield Finding("lock", "there is no uv.lock", "problem", remedy="run 'uv lock'")
        return
    package = facts.needs.get("package")
    if not package:
        yield Finding("lock", "uv.lock")
        return
    fact = f"{package} " + ", ".join(facts.locked)
    cuda = facts.needs.get("cuda", {}).get("build", "")
    version = facts.build.version if facts.build else ""
    if cuda and not any(cuda in locked for locked in facts.locked):
        remedy = f"run 'uv lock' and '{SYNC}'"
        yield Finding("lock", fact, "problem", f"it has no build {cuda}", remedy)
    elif version and version not in {one.partition(" ")[0] for one in facts.locked}:
        yield Finding("lock", fact, "note", f"{version} is installed", f"run '{SYNC}'")
    else:
        yield Finding("lock", fact)


def _indexes(facts: Facts) -> Iterator[Finding]:
    if facts.index is None:
        yield Finding("index", "not asked: that takes uv, and the project's folder", "note")
    elif facts.index:
        yield Finding("index", facts.index, "problem", remedy=locking.remedy(facts.index))
    else:
        yield Finding("index", "every index answers")
