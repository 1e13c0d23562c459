"""Projects that may run code on this machine: to lock one, uv may run its build backend."""

import json
import sys
from contextlib import suppress
from pathlib import Path

QUESTION = """\
uv will lock {project}. It sends your credentials to the package indexes that the project
names, and runs the build backends that it names. Do you trust the project? [y/N] """


def may_run(project: Path, *, is_trusted: bool) -> bool:
    """Check whether a project may run code; on a terminal, ask once per project.

    Args:
        project: Folder of the project.
        is_trusted: Whether the user passed ``--trust``.
    """
    if is_trusted or str(project.resolve()) in _read():
        return True
    if not sys.stdin.isatty():
        return False
    if input(QUESTION.format(project=project)).strip().lower() not in ("y", "yes"):
        return False
    remember(project)
    return True


def remember(project: Path) -> None:
    """Record that a project is trusted, if the user's state folder is writable."""
    known = {path for path in _read() if Path(path).is_dir()} | {str(project.resolve())}
    with suppress(OSError):
        _notes().parent.mkdir(parents=True, exist_ok=True)
        _notes().write_text(json.dumps(sorted(known), indent=1), encoding="utf-8")


def _read() -> set[str]:
    try:
        return {str(path) for path in json.loads(_notes().read_text(encoding="utf-8"))}
    except (OSError, ValueError, TypeError):
        return set()


def _notes() -> Path:
    from platformdirs import user_state_path

    found: Path = user_state_path("copier-ml") / "trusted-projects.json"
    return found
