"""Reach indexes with the credentials that uv takes: variables of an index, or netrc."""

import os
import re
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase, HTTPBasicAuth
from requests.utils import get_netrc_auth

AT_ONCE = 16
"""Files that are asked for at a time."""

Logins = dict[str, tuple[str, str]]
"""Host and port to user name and password."""


class _Login(AuthBase):
    def __init__(self, logins: Logins) -> None:
        self._logins = logins

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Sign a request for a host that is known here or in netrc; others learn nothing."""
        url = request.url or ""
        login = self._logins.get(urlsplit(url).netloc) or get_netrc_auth(url)
        return HTTPBasicAuth(*login)(request) if login else request


def private_indexes(pyproject: Path) -> set[str]:
    """Return the addresses of the indexes that have packages beside those of the public one."""
    found = (one for one in _indexes(pyproject) if not one.get("explicit"))
    return {one["url"].rstrip("/") for one in found if not one.get("default")}


def open_session(pyproject: Path) -> requests.Session:
    """Open a session that knows the indexes of a project."""
    session = requests.Session()
    session.auth = _Login(_logins(pyproject))
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(pool_maxsize=AT_ONCE, max_retries=2))
    return session


def _logins(pyproject: Path) -> Logins:
    """Read the variables that name a user and a password for an index."""
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
