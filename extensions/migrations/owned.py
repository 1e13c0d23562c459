"""Merge a file of the owner with the template's, once.

``_skip_if_exists`` names it, so Copier passes it by: it would leave a file of an older state among
modules of a newer one.
"""

import ast

from project import Project, git_or_none, inside, report
from renames import list_entries, write_merged


def is_unedited(project: Project, path: str) -> bool:
    """Check whether a file was unedited, or missing, before the update."""
    file = project.fill_old(path)
    mine = git_or_none("show", f":./{file}")
    try:
        return mine is None or mine == project.old_render(file)
    except OSError:
        return False


def add_definition(project: Project, path: str, name: str, lines: str) -> None:
    """Add lines to a Python file that does not define a name; not to one in conflict."""
    file = inside(project.fill(path))
    if not file.is_file():
        return
    text = file.read_text(encoding="utf-8")
    try:
        module = ast.parse(text)
    except SyntaxError:
        return
    if name not in {one for statement in module.body for one in _list_names(statement)}:
        file.write_text(f"{text.rstrip()}\n\n{lines}", encoding="utf-8")


def _list_names(statement: ast.stmt) -> list[str]:
    match statement:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.Assign(targets=targets):
            return [one.id for one in targets if isinstance(one, ast.Name)]
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
        case ast.ImportFrom(names=names):
            return [one.asname or one.name for one in names]
        case _:
            return []


def merge_once(project: Project, path: str, stage: str) -> None:
    """Let Copier write the file again, and then merge the owner's edits into it.

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
        report(f"{file} was not changed: its version is not available: {str(error)[:200]}")
        return
    if base is None:
        return  # A file of the owner's.
    if stage == "before":
        file.unlink()
    elif not file.is_file():
        file.write_bytes(mine[0].read())
    elif mine[0].read() != base:
        write_merged(file.as_posix(), mine[0], mine[0].read(), base)
