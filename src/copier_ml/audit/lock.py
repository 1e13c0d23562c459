"""Read which packages uv.lock has, and where their wheels are."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.version import Version

FOLDERS = ("directory", "editable", "virtual")
"""Kinds of sources that are a folder; ``.`` is the project itself."""


@dataclass(frozen=True)
class Package:
    """One version of a package, as it is locked."""

    name: str
    version: str
    wheels: tuple[str, ...] = ()
    """Addresses or paths of its wheels, the smallest first; none where it comes from elsewhere."""

    index: str = ""
    """Address of the index that it comes from."""

    folder: str = ""
    """Its folder, where it comes from one."""

    @property
    def release(self) -> str:
        """Version without the label of a build, such as ``+cpu``."""
        return Version(self.version).public

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


def read(path: Path) -> list[Package]:
    """List the packages that are locked, without the project and the members of its workspace.

    Raises:
        ValueError: If there is no lock, or it is a link to one.
    """
    if path.is_symlink():
        raise ValueError(f"{path} is a symbolic link: put the file in its place")
    if not path.exists():
        raise ValueError(f"there is no {path}: run 'uv lock'")
    locked = tomllib.loads(path.read_text(encoding="utf-8"))
    members = locked.get("manifest", {}).get("members", [])
    packages = map(_package, locked.get("package", []))
    return [one for one in packages if one.folder != "." and one.name not in members]


def _package(entry: dict[str, Any]) -> Package:
    wheels = sorted(entry.get("wheels", []), key=lambda wheel: int(wheel.get("size", 0)))
    source = entry["source"]
    index = source.get("registry", "")
    elsewhere = source.get("url") or source.get("path", "")  # A wheel of no index.
    addresses = [
        wheel.get("url") or (f"{index}/{wheel['path']}" if "path" in wheel else elsewhere)
        for wheel in wheels
    ]
    folder = next((source[kind] for kind in FOLDERS if kind in source), "")
    found = tuple(filter(None, addresses))
    return Package(entry["name"], entry.get("version", "0"), found, index, folder)
