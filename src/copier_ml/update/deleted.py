"""New files in folders and parts that the owner deleted; an update does not add them."""

import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import PurePosixPath

from copier_ml.shared.rendering import Rendering
from copier_ml.shared.sandbox import Tree
from copier_ml.shared.template import Template

Part = Callable[[str], bool]
"""Checks whether a file belongs to an optional part of the template."""

CHOICES = "extensions/choices.toml"
"""The template's list of parts and their paths; a template without this file has no parts."""


def read_parts(template: Template, commit: str, rendering: Rendering) -> dict[str, Part]:
    """Read the optional parts of a template version, with a matcher of their files."""
    found = template.git.attempt("show", f"{commit}:{CHOICES}")
    rows = {} if found.returncode else tomllib.loads(found.stdout.decode("utf-8"))["features"]
    package = str(rendering.answers.get("package_name"))
    return {
        name: rendering.match("/" + path.format(package=package) for path in row.get("paths", []))
        for name, row in rows.items()
    }


def find(
    base: Tree, new: Tree, gone: Collection[str], parts: Mapping[str, Part]
) -> Iterator[tuple[str, str]]:
    """Find new files whose folder or part the owner deleted; yield the file and that name.

    Args:
        base: Files of the old version.
        new: Files of the new version.
        gone: Files of ``base`` that the owner deleted.
        parts: The optional parts of the template.
    """
    wholes = {
        f"the part {name}": is_part
        for name, is_part in parts.items()
        if (files := set(filter(is_part, base))) and files <= {*gone}
    }
    kept = {folder for path in base if path not in gone for folder in _folders(path)}
    deleted = {folder for path in gone for folder in _folders(path)} - kept
    for path in (path for path in new if path not in base):
        if folders := [folder for folder in _folders(path) if folder in deleted]:
            yield path, folders[0]
        elif names := [name for name, is_part in wholes.items() if is_part(path)]:
            yield path, names[0]


def _folders(path: str) -> list[str]:
    """Return the folders above a file, outermost first."""
    *folders, _ = PurePosixPath(path).parents
    return [f"{folder}/" for folder in reversed(folders)]
