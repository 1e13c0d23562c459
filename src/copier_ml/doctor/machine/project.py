"""Evaluate platform, Python, C library, lockfile and indexes of a project.

Pure. ``accelerator.py`` evaluates the rest.
"""

from collections.abc import Iterator

from . import uv
from .facts import Facts
from .finding import SYNC, Finding
from .needs import PLATFORMS, order

LEAST_GLIBC = (2, 28)
"""That of the manylinux_2_28 wheels, which the framework and most others publish."""


def evaluate(facts: Facts) -> Iterator[Finding]:
    """Yield the findings of each subject."""
    for subject in (_trust, _files, _platform, _python, _libc, _lock, _indexes):
        yield from subject(facts)


def _trust(facts: Facts) -> Iterator[Finding]:
    if not facts.is_trusted and facts.has_pyproject:
        yield Finding(
            "trust",
            "framework, devices, indexes, lock match not checked, as that runs the project's code",
            "note",
            remedy="pass --trust if you trust the project",
        )


def _files(facts: Facts) -> Iterator[Finding]:
    remedy = "resolve its merge conflict, or restore it from Git"
    for name, reason in facts.unreadable.items():
        yield Finding(name, f"cannot be read ({reason})", "problem", remedy=remedy)


def _platform(facts: Facts) -> Iterator[Finding]:
    here = (facts.machine.system, facts.machine.processor)
    if facts.needs.serves(*here):
        yield Finding("platform", " ".join(here))
        return
    served = ", ".join(" ".join(one) for one in PLATFORMS if facts.needs.serves(*one))
    yield Finding(
        "platform",
        " ".join(here),
        "problem",
        f"the lock serves {served}",
        f"add this one to 'environments' in pyproject.toml, run 'uv lock' and '{SYNC}'",
    )


def _python(facts: Facts) -> Iterator[Finding]:
    here = facts.environment.python
    oldest, newest = facts.needs.oldest_python, facts.needs.newest_python
    if not here:
        return
    if order(oldest) <= order(here)[:2] and (not newest or order(here)[:2] <= order(newest)):
        yield Finding("Python", here)
        return
    yield Finding(
        "Python",
        here,
        "problem",
        f"the lock serves {oldest}" + (f" to {newest}" if newest else " and newer"),
        f"remove .venv and run 'uv python pin {newest or oldest}' and '{SYNC}'",
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
    if not facts.has_pyproject or facts.unreadable:
        return
    if facts.locked is None:
        yield Finding("lock", "uv.lock is missing", "problem", remedy="run 'uv lock'")
        return
    if facts.lock_check == uv.STALE_LOCK:
        yield Finding("lock", uv.STALE_LOCK, "problem", remedy="run 'uv lock' and commit it")
    elif facts.lock_check:
        yield Finding("lock", facts.lock_check, "note")
    else:
        yield _check_builds(facts, facts.locked)


def _check_builds(facts: Facts, locked: tuple[str, ...]) -> Finding:
    """Compare the builds in the lock with the required and the installed one."""
    if not facts.needs.has_extras:
        return Finding("lock", "uv.lock")
    fact = f"{facts.needs.framework} " + ", ".join(locked)
    cuda = facts.needs.cuda.name if facts.needs.cuda else ""
    version = facts.environment.build.version if facts.environment.build else ""
    if cuda and not any(cuda in version for version in locked):
        remedy = f"run 'uv lock' and '{SYNC}'"
        return Finding("lock", fact, "problem", f"it has no build {cuda}", remedy)
    if version and version not in {one.partition(" ")[0] for one in locked}:
        return Finding("lock", fact, "note", f"{version} is installed", f"run '{SYNC}'")
    return Finding("lock", fact)


def _indexes(facts: Facts) -> Iterator[Finding]:
    if facts.index:
        yield Finding("index", facts.index, "problem", remedy=uv.find_remedy(facts.index))
    elif facts.index == "":
        yield Finding("index", "every index answers")
    elif facts.is_trusted and facts.has_pyproject and not facts.unreadable:
        remedy = "install uv to check lock and indexes"
        yield Finding("index", "uv is not on PATH", "note", remedy=remedy)
