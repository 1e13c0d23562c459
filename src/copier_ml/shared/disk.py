"""Full disks: detect them in errors and name the disk."""

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
"""Git's messages for a full disk, among other causes."""

LITTLE_BYTES = 100 * 2**20
"""Free space below which a failed write means a full disk."""


def describe(error: BaseException, text: str) -> str:
    """Name the full disk that caused an error, with a fix; empty for other errors.

    Args:
        error: The error; its attribute ``filename``, if any, is a path on that disk.
        text: Message of the error.
    """
    found = FULL.search(text)
    if isinstance(error, ValueError) or not (found or UNWRITTEN.search(text)):
        return ""  # A ValueError may repeat a described error.
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
    """Add the path that was written to errors of full disks that lack it."""
    try:
        yield
    except OSError as error:
        if FULL.search(str(error)):
            error.filename = error.filename or str(_find_fullest(folder, gettempdir()))
        raise


def _find_fullest(*paths: str | os.PathLike[str]) -> Path:
    """Return the path with the least free space, or its nearest existing parent."""
    above = ([path, *path.parents] for path in map(Path.absolute, map(Path, paths)))
    existing = [next(path for path in folders if path.exists()) for folders in above]
    return min(existing, key=lambda path: shutil.disk_usage(path).free)


def _find_mount(path: Path) -> Path:
    return next(folder for folder in (path, *path.parents) if folder.is_mount())
