"""Files and folders on this machine and in object stores. Nothing here knows what they hold.

Credentials of a store come from the environment, under the names that its provider gives them.
"""

from __future__ import annotations  # A class names itself.

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path, PurePosixPath
from shutil import rmtree
from typing import Annotated, BinaryIO

from pydantic import AfterValidator

STORES = ("s3", "gs", "az")
"""Schemes of the object stores: S3 and what speaks like it, Google Cloud Storage, Azure Blob."""

SCHEMES = (*STORES, "memory")
"""What an address may begin with; what is in memory is gone when the process ends."""


def normalize(address: str) -> str:
    """Write an address in one way: a path as this machine does, a store's without a last slash.

    Raises:
        ValueError: If the address begins with an unknown scheme.
    """
    if "://" not in address:
        return str(Path(address))
    if address.partition("://")[0] not in SCHEMES:
        known = ", ".join(f"{scheme}://" for scheme in STORES)
        raise ValueError(f"{address} is neither a local path nor at one of {known}")
    return address.rstrip("/")


Address = Annotated[str, AfterValidator(normalize)]
"""A local path, or an address such as s3://bucket/folder."""


class Place(ABC):
    """A file or a folder that may or may not exist."""

    address: str
    pure: PurePosixPath | Path

    def __str__(self) -> str:
        return self.address

    def beside(self, name: str) -> Place:
        """Name another place in the same folder."""
        return place(self.address.removesuffix(self.pure.name) + name)

    def inside(self, name: str) -> Place:
        """Name a place in this folder; ``name`` may have slashes."""
        return place(f"{self.address}/{name}")

    @abstractmethod
    def resolved(self) -> str:
        """Write the place in a way that no other spelling has."""

    @abstractmethod
    def is_file(self) -> bool:
        """Say whether a file is here."""

    @abstractmethod
    def names(self) -> list[str]:
        """Name the files at any depth of this folder, with slashes, sorted, without hidden ones."""

    @abstractmethod
    def version(self) -> str:
        """Tell a file from what it was before: its size, and its time or its store's tag."""

    @abstractmethod
    def open(self) -> BinaryIO:
        """Open a file for reading."""

    @abstractmethod
    def publish(self, whole: Path) -> None:
        """Make a local file, which may be moved, appear here at once; an old one is replaced."""

    @abstractmethod
    def remove_folder(self) -> None:
        """Remove a folder with all that is in it, if it exists."""

    @abstractmethod
    def explained(self) -> AbstractContextManager[None]:
        """Turn what a store answers to a request that failed into an ``OSError`` of one line."""

    @abstractmethod
    def scratch(self) -> AbstractContextManager[Path]:
        """Lend a local folder from which ``publish`` can move files into this folder."""


def place(address: str) -> Place:
    """Find the storage of an address.

    Raises:
        ValueError: If the address begins with an unknown scheme, or needs what is not installed.
    """
    address = normalize(address)
    if "://" not in address:
        return Local(address)
    try:
        from .buckets import Remote  # Late: it needs the extra 'remote'.
    except ModuleNotFoundError as error:
        remedy = "'uv sync --inexact --extra remote' brings it"
        raise ValueError(f"{address} needs {error.name}, which is missing; {remedy}") from None
    return Remote(address)


class Local(Place):
    """A place on this machine."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.pure = self._path = Path(address)

    def resolved(self) -> str:
        return self._path.resolve().as_posix()

    def is_file(self) -> bool:
        return self._path.is_file()

    def names(self) -> list[str]:
        found = (path for path in self._path.rglob("*") if path.is_file())
        return visible(path.relative_to(self._path).as_posix() for path in found)

    def version(self) -> str:
        facts = self._path.stat()
        return f"{facts.st_size} bytes, {facts.st_mtime_ns}"

    def open(self) -> BinaryIO:
        return self._path.open("rb")

    def publish(self, whole: Path) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        whole.replace(self._path)

    def remove_folder(self) -> None:
        rmtree(self._path, ignore_errors=True)

    def explained(self) -> AbstractContextManager[None]:
        return nullcontext()

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        self._path.mkdir(parents=True, exist_ok=True)
        yield self._path


def visible(names: Iterable[str]) -> list[str]:
    """Sort relative names, without those of hidden files or of what is in hidden folders."""
    return sorted(name for name in names if not re.search(r"(^|/)\.", name))
