"""Full disks: which errors say that one is, and which one it is."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from errno import EDQUOT, ENOSPC
from pathlib import Path
from tempfile import gettempdir

FULL = re.compile("|".join(map(os.strerror, (ENOSPC, EDQUOT))))

UNWRITTEN = re.compile("(unable to|failed to|could not|couldn't) write|write error")
"""What Git says of a full disk, and of others."""

LITTLE_BYTES = 100 * 2**20
"""Free space with which a file that was not written means a full disk."""


def describe(error: BaseException, text: str) -> str:
    """Name the disk that an error says is full, with a remedy; empty if it says something else.

    Args:
        error: The error; its attribute ``filename``, if any, is a path on that disk.
        text: What the error says.
    """
    found = FULL.search(text)
    if isinstance(error, ValueError) or not (found or UNWRITTEN.search(text)):
        return ""  # A ValueError may repeat what was described before.
    named = getattr(error, "filename2", None) or getattr(error, "filename", None)
    place = _find_fullest(str(named)) if named else _find_fullest(gettempdir(), Path.cwd())
    free = shutil.disk_usage(place).free
    if not found and free > LITTLE_BYTES:
        return ""
    said = found[0] if found else os.strerror(ENOSPC)
    is_for_temporary_files = place.stat().st_dev == Path(gettempdir()).stat().st_dev
    other = ", or set TMPDIR to a folder on another disk" if is_for_temporary_files else ""
    return f"{said}: {_find_mount(place)} has {free // 2**20} MB free; free some more{other}"


@contextmanager
def naming(folder: Path) -> Iterator[None]:
    """Let errors of full disks name what is written to, if they do not say so themselves."""
    try:
        yield
    except OSError as error:
        if FULL.search(str(error)):
            error.filename = error.filename or str(_find_fullest(folder, gettempdir()))
        raise


def _find_fullest(*paths: str | os.PathLike[str]) -> Path:
    """Return the path with the least free space, or the folder above that exists."""
    above = ([path, *path.parents] for path in map(Path.absolute, map(Path, paths)))
    existing = [next(path for path in folders if path.exists()) for folders in above]
    return min(existing, key=lambda path: shutil.disk_usage(path).free)


def _find_mount(path: Path) -> Path:
    return next(folder for folder in (path, *path.parents) if folder.is_mount())
