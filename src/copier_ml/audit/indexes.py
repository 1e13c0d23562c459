"""Read the metadata of locked packages from their indexes, without installing them.

Indexes serve the metadata of a wheel separately (PEP 658). If a mirror does not, a few kilobytes of
the wheel suffice. Installed packages need no request. Credentials are those of uv: variables of an
index, or netrc.
"""

import importlib.metadata
import io
import os
import re
import tomllib
import zipfile
from email.message import Message
from email.parser import HeaderParser
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import urlsplit

import requests
from packaging.utils import canonicalize_name
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase, HTTPBasicAuth
from requests.utils import get_netrc_auth

from .lock import Package

TIMEOUT_S = 30.0
PARTIAL = 206
"""HTTP status of a partial response."""

BLOCK_BYTES = 1 << 16
"""Size of a read from a wheel: usually its whole directory."""

AT_ONCE = 16
"""Concurrent requests."""

Logins = dict[str, tuple[str, str]]
"""Host and port to user name and password."""


def read_metadata(package: Package, session: requests.Session) -> Message:
    """Return the metadata of a package: as installed, of its folder, or of a wheel.

    Raises:
        ValueError: There is no metadata.
        OSError: It is not reachable; includes the errors of requests.
    """
    installed = _installed().get((package.name, package.version))
    if installed is not None:
        return HeaderParser().parsestr(installed)
    if package.folder:
        return _of_folder(Path(package.folder))
    if not package.wheels:
        raise ValueError("it is not installed, and the lockfile has no wheel")
    return HeaderParser().parsestr(_of_wheel(package.wheels[0], session))


@cache
def _installed() -> dict[tuple[str, str], str]:
    """Map each package and version in the project's environment to its metadata."""
    environment = Path(os.environ.get("UV_PROJECT_ENVIRONMENT", ".venv"))
    patterns = ("lib/python*/site-packages", "Lib/site-packages")
    places = [str(place) for pattern in patterns for place in environment.glob(pattern)]
    found = importlib.metadata.distributions(path=places)
    return {
        (canonicalize_name(one.name), one.version): one.read_text("METADATA") or "" for one in found
    }


def _of_folder(folder: Path) -> Message:
    """Read the license in a folder's pyproject.toml, without building it."""
    text = (folder / "pyproject.toml").read_text(encoding="utf-8")
    project = tomllib.loads(text).get("project", {})
    stated = project.get("license", "")
    message = Message()
    if isinstance(stated, dict):
        message["License"] = str(stated.get("text", ""))
    else:
        message["License-Expression"] = str(stated)
    for line in project.get("classifiers", []):
        message["Classifier"] = line
    return message


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
    """Read the metadata in a wheel, not those of vendored packages deeper in it."""
    ends = ".dist-info/METADATA"
    try:
        with zipfile.ZipFile(file) as wheel:
            names = [name for name in wheel.namelist() if name.endswith(ends)]
            return wheel.read(min(names, key=len)).decode("utf-8")
    except zipfile.BadZipFile:
        raise ValueError("its server did not send a wheel") from None


class _Remote(io.RawIOBase):
    """A remote file, read in parts: the directory of a zip file is at its end."""

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
                    "its server supports neither metadata of wheels nor range requests"
                )
            content = answer.content
        buffer[: len(content)] = content
        self._at += len(content)
        return len(content)


class _Login(AuthBase):
    def __init__(self, logins: Logins) -> None:
        self._logins = logins

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add credentials only for hosts of an index or in netrc."""
        url = request.url or ""
        login = self._logins.get(urlsplit(url).netloc) or get_netrc_auth(url)
        return HTTPBasicAuth(*login)(request) if login else request


def private_indexes(pyproject: Path) -> set[str]:
    """Return the URLs of indexes used in addition to the public one."""
    found = (one for one in _indexes(pyproject) if not one.get("explicit"))
    return {one["url"].rstrip("/") for one in found if not one.get("default")}


def open_session(pyproject: Path) -> requests.Session:
    """Open a session with the credentials of a project's indexes."""
    session = requests.Session()
    session.auth = _Login(_logins(pyproject))
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(pool_maxsize=AT_ONCE, max_retries=2))
    return session


def _logins(pyproject: Path) -> Logins:
    """Read the variables with user names and passwords of indexes."""
    found = {}
    for index in _indexes(pyproject):
        name = re.sub(r"\W", "_", index.get("name", "")).upper()
        user, password = (
            os.environ.get(f"UV_INDEX_{name}_{part}", "") for part in ("USERNAME", "PASSWORD")
        )
        if user or password:
            found[urlsplit(index["url"]).netloc] = (user, password)
    return found


def _indexes(pyproject: Path) -> list[dict[str, Any]]:
    project = tomllib.loads(pyproject.read_text(encoding="utf-8"))
    indexes: list[dict[str, Any]] = project.get("tool", {}).get("uv", {}).get("index", [])
    return indexes
