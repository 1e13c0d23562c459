"""Collect the facts to check."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from . import environment, hardware, uv
from .environment import Environment
from .hardware import Machine
from .needs import Needs
from .needs import read as read_needs


@dataclass(frozen=True)
class Facts:
    """All facts to check."""

    machine: Machine
    needs: Needs = field(default_factory=Needs)
    environment: Environment = field(default_factory=Environment)
    has_pyproject: bool = True
    is_trusted: bool = True
    """Whether code of the project may run; most checks need it."""

    locked: tuple[str, ...] | None = None
    """Builds of the framework in the lock, such as 2.15.0+cu130; None without a lock."""

    lock_check: str | None = None
    """Why the lockfile is outdated, empty if it is not; None if unchecked."""

    index: str | None = None
    """uv's error message about the indexes, empty if all answer; None if unchecked."""

    unreadable: dict[str, str] = field(default_factory=dict)
    """Unreadable files of the project, with the reason."""


def collect(folder: Path, *, is_trusted: bool) -> Facts:
    """Collect the facts of the machine and of the project in a folder.

    Code of the project only runs with ``is_trusted``.
    """
    machine, pyproject, lock = hardware.read(), folder / "pyproject.toml", folder / "uv.lock"
    unreadable, needs, locked = {}, Needs(), None
    try:
        needs = read_needs(pyproject) if pyproject.is_file() else needs
    except ValueError as error:
        unreadable[pyproject.name] = str(error)
    try:
        locked = uv.read_builds(lock, needs)
    except ValueError as error:
        unreadable[lock.name] = str(error)
    known = Facts(
        machine,
        needs,
        environment.read(folder),
        has_pyproject=pyproject.is_file(),
        is_trusted=is_trusted,
        locked=locked,
        unreadable=unreadable,
    )
    return _ask(folder, known) if is_trusted and known.has_pyproject and not unreadable else known


def _ask(folder: Path, known: Facts) -> Facts:
    """Add facts that require running code of the project, or uv in its folder."""
    needs, here = known.needs, environment.ask(folder, known.needs.framework)
    extra = "cuda" if here.build and here.build.cuda and needs.cuda else "cpu"
    return replace(
        known,
        environment=here,
        lock_check=None if known.locked is None else uv.check_lock(folder),
        index=uv.ask_indexes(folder, extra if needs.has_extras else "", needs.oldest_python),
    )
