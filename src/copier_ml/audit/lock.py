"""Read the packages in uv.lock and the locations of their wheels."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.version import Version

FOLDERS = ("directory", "editable", "virtual")
"""Sources that are folders; ``.`` is the project itself."""


@dataclass(frozen=True)
class Package:
    """A locked version of a package."""

    name: str
    version: str
    wheels: tuple[str, ...] = ()
    """URLs or paths of its wheels, smallest first; none for other sources."""

    index: str = ""
    """URL of its index."""

    folder: str = ""
    """Its folder, if it is a local package."""

    @property
    def release(self) -> str:
        """Version without the local label, such as ``+cpu``."""
        return Version(self.version).public

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


def read(path: Path) -> list[Package]:
    """List the locked packages, without the project and the members of its workspace.

    Raises:
        ValueError: The lockfile is missing or a link.
    """
    if path.is_symlink():
        raise ValueError(f"{path} is a symbolic link: replace it with the file")
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
