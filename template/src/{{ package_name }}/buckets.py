"""Places in object stores, by way of fsspec and obstore: the only module that knows these."""

import atexit
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import BinaryIO, cast

import fsspec
from obstore.exceptions import BaseError
from obstore.fsspec import register

from .storage import STORES, Place, visible

register(STORES)

# The threads of obstore may still let go of Python's objects when all is done. If Python ends right
# then, the process aborts (PyO3/pyo3-async-runtimes#40): give them the time that they need.
atexit.register(time.sleep, 0.1)


class Remote(Place):
    """A place in an object store. What is put there appears when all of it has arrived."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.pure = PurePosixPath(address.partition("://")[2])
        self._files, self._path = fsspec.url_to_fs(address)

    def resolved(self) -> str:
        return self.address

    def is_file(self) -> bool:
        with self.explained():
            try:
                return bool(self._files.info(self._path)["type"] == "file")
            except FileNotFoundError:
                return False

    def names(self) -> list[str]:
        with self.explained():
            found = self._files.find(self._path)
        return visible(name.removeprefix(f"{self._path}/") for name in found)

    def version(self) -> str:
        with self.explained():
            facts = self._files.info(self._path)
        return f"{facts['size']} bytes, {facts.get('e_tag') or facts['created']}"

    def open(self) -> BinaryIO:
        with self.explained():
            return cast("BinaryIO", self._files.open(self._path, "rb"))

    def publish(self, whole: Path) -> None:
        with self.explained():
            self._files.put_file(str(whole), self._path)

    def remove_folder(self) -> None:
        with self.explained():
            for name in self._files.find(self._path):
                self._files.rm_file(name)

    @contextmanager
    def explained(self) -> Iterator[None]:
        try:
            yield
        except (BaseError, FileNotFoundError, PermissionError) as error:
            text = str(error)  # Often a page of XML, and of what the library knows of itself.
            code = re.search(r"(?<=<Code>)\w+", text)
            line = re.split(r"<|$", text, maxsplit=1, flags=re.MULTILINE)[0]
            line = re.sub(r"\?\S+", "", line).strip(" :")  # A query may hold a signature.
            raise OSError(f"{self}: {line}{f' {code[0]}' if code else ''}") from error

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        with TemporaryDirectory() as name:
            yield Path(name)
