"""Read what a locked package says of itself, without installing it.

An index serves the metadata of a wheel beside it. Where a mirror does not, they are read from the
wheel itself, a few kilobytes of it. What is installed here is not asked for at all.
"""

import importlib.metadata
import io
import zipfile
from email.message import Message
from email.parser import HeaderParser
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO, cast

import requests
from lock import Package
from packaging.utils import canonicalize_name

TIMEOUT_S = 30.0
PARTIAL = 206
"""Status of an answer that has the bytes that were asked for, and no more."""

BLOCK_BYTES = 1 << 16
"""What is read of a wheel at once: usually all of its table of contents."""


def read(package: Package, session: requests.Session) -> Message:
    """Return the metadata of a package: the installed one's, or that of a wheel of it.

    Raises:
        ValueError: If it is nowhere.
        OSError: If it cannot be reached; the errors of requests are of this kind.
    """
    installed = _installed().get((package.name, package.version))
    if installed is not None:
        return HeaderParser().parsestr(installed)
    if not package.wheels:
        raise ValueError("it is not installed here, and the lock has no wheel of it")
    return HeaderParser().parsestr(_of_wheel(package.wheels[0], session))


@cache
def _installed() -> dict[tuple[str, str], str]:
    """Map each installed package and version to its metadata."""
    found = importlib.metadata.distributions()
    return {
        (canonicalize_name(one.name), one.version): one.read_text("METADATA") or "" for one in found
    }


def _of_wheel(address: str, session: requests.Session) -> str:
    if "://" not in address:
        with Path(address).open("rb") as file:
            return _in_wheel(file)
    answer = session.get(f"{address}.metadata", timeout=TIMEOUT_S)
    if answer.ok and answer.text.startswith("Metadata-Version"):
        return answer.text
    with io.BufferedReader(_Remote(address, session), BLOCK_BYTES) as file:
        return _in_wheel(cast("BinaryIO", file))


def _in_wheel(file: BinaryIO) -> str:
    """Read the metadata in a wheel; deeper in it may be those of packages that it has copies of."""
    ends = ".dist-info/METADATA"
    try:
        with zipfile.ZipFile(file) as wheel:
            names = [name for name in wheel.namelist() if name.endswith(ends)]
            return wheel.read(min(names, key=len)).decode("utf-8")
    except zipfile.BadZipFile:
        raise ValueError("what its server sends is no wheel") from None


class _Remote(io.RawIOBase):
    """File on a server, of which parts are read: the directory of an archive is at its end."""

    def __init__(self, url: str, session: requests.Session) -> None:
        self._url, self._session, self._at = url, session, 0
        answer = session.head(url, allow_redirects=True, timeout=TIMEOUT_S)
        answer.raise_for_status()
        self._size_bytes = int(answer.headers["Content-Length"])

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size_bytes}[whence]
        self._at = start + offset
        return self._at

    def readinto(self, buffer: Any) -> int:
        end = min(self._at + len(buffer), self._size_bytes)
        if self._at >= end:
            return 0
        wanted = {"Range": f"bytes={self._at}-{end - 1}"}
        with self._session.get(self._url, headers=wanted, timeout=TIMEOUT_S, stream=True) as answer:
            if answer.status_code != PARTIAL:
                raise ValueError(
                    "its server has neither the metadata of wheels nor parts of a file"
                )
            content = answer.content
        buffer[: len(content)] = content
        self._at += len(content)
        return len(content)
