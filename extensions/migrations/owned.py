"""Merge a file of the owner's with the template's once.

``_skip_if_exists`` names it, so Copier passes it by: it would leave a file of an older state among
modules of a newer one.
"""

from project import Project, inside, tell
from renames import list_entries, write_merged


def merge_once(project: Project, path: str, stage: str) -> None:
    """Make Copier write the file anew, and then merge the owner's edits into it.

    `copier-ml update` merges it by itself: run.py tells it which.
    """
    if project.is_ours:
        return
    file = inside(project.fill_old(path))
    mine = list_entries(file.as_posix())
    if len(mine) != 1 or not (stage == "after" or file.is_file()):
        return  # There is none, it is in conflict, or the owner deleted it.
    try:
        base = project.old_render(file.as_posix())
    except OSError as error:
        tell(f"{file} is as you had it: its version cannot be had: {str(error)[:200]}")
        return
    if base is None:
        return  # A file of the owner's.
    if stage == "before":
        file.unlink()
    elif not file.is_file():
        file.write_bytes(mine[0].read())
    elif mine[0].read() != base:
        write_merged(file.as_posix(), mine[0], mine[0].read(), base)
