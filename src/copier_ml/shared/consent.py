"""Which projects may run code on this machine: uv runs their build backends when it locks them."""

import json
import sys
from contextlib import suppress
from pathlib import Path

QUESTION = """\
uv will lock {project}. It asks the package indexes that the project names, with your
credentials for them, and runs the build backends that the project names.
Is the project yours, or do you trust it? [y/N] """


def may_run(project: Path, *, is_trusted: bool) -> bool:
    """Tell whether a project may run code; ask once per project where there is a terminal.

    Args:
        project: Folder of the project.
        is_trusted: Whether the user said so on the command line.
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
    """Note that a project is the user's own, or trusted; without a place for notes, do nothing."""
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
