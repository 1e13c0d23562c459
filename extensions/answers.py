"""Defaults and validators of answers, for what copier.yml cannot express in one line.

A validator is a filter that returns how to correct an answer, or an empty string. Copier shows it
on one line after "Validation error for question 'NAME': "; the two fit in 80 columns.
Like plan.py, this file imports no other file of the template.
"""

import keyword
import re
import subprocess
import sys
import tomllib
import unicodedata
from collections.abc import Collection
from functools import cache
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment
from jinja2.ext import Extension

HERE = Path(__file__).parent
NEWEST_COMMON_PYTHON = "3.13"
"""Default where the running Python is not offered."""

PACKAGE_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
RESERVED = {"conftest", "config", "data", "docs", "notebooks", "project", "tests"}
"""Folders of the project, and names that tools reserve."""

WINDOWS_DEVICES = {
    "aux",
    "con",
    "nul",
    "prn",
    *(f"{d}{n}" for d in ("com", "lpt") for n in range(10)),
}
"""Folder names that Windows reserves."""

LINE_BREAKING = {"Cc", "Cs", "Zl", "Zp"}
"""Unicode categories not allowed in a line: controls, lone surrogates, line separators."""

LABEL = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
HOST = re.compile(rf"{LABEL}(\.{LABEL})*\.?")


def package_slug(title: str) -> str:
    """Derive a valid package name from a title."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "_", plain).strip("_").lstrip("0123456789_")[:60].rstrip("_")
    if not slug:
        return "ml_project"
    return slug if not refuse_package_name(slug) else f"{slug}_project"


def refuse_package_name(name: str) -> str:
    """Require a name that works as a Python import and on a package index."""
    if not name[:1].isalpha():
        return "start with a letter a-z"
    if not PACKAGE_NAME.fullmatch(name):
        return "use a-z, 0-9 and single '_'"
    if len(name) > 70:
        return "use at most 70 characters"
    kinds = (kind for kind, names in _taken_names().items() if name in names)
    return f"{kind}: add a word" if (kind := next(kinds, "")) else ""


def _taken_names() -> dict[str, Collection[str]]:
    """Return the names that cannot be used, by kind."""
    return {
        "a Python keyword": {*keyword.kwlist, *keyword.softkwlist},
        "a stdlib module": sys.stdlib_module_names,
        "a dependency's name": _names_of_dependencies(),
        "a reserved name": RESERVED | WINDOWS_DEVICES,
    }


def refuse_line(text: str) -> str:
    """Require text on one line that every file format can hold."""
    for character in text:
        is_noncharacter = ord(character) & 0xFFFE == 0xFFFE
        if unicodedata.category(character) in LINE_BREAKING or is_noncharacter:
            return f"remove the character U+{ord(character):04X}"
    return "remove leading/trailing spaces" if text != text.strip() else ""


def refuse_code(answer: str) -> str:
    """Require 'template' or 'own'."""
    return "" if answer in ("template", "own") else "use 'template' or 'own'"


def refuse_title(text: str) -> str:
    """Require a visible title of at most 80 characters on one line."""
    if not any(character.isprintable() and not character.isspace() for character in text):
        return "enter at least one letter"
    return "use at most 80 characters" if len(text) > 80 else refuse_line(text)


def refuse_email(text: str) -> str:
    """Require an email address or an empty string."""
    if text and not re.fullmatch(r"[^\s@<>\"',;:()\[\]\\]+@[^\s@<>\"',;:()\[\]\\]+", text):
        return "use ada@example.org or nothing"
    return refuse_line(text)


def refuse_repository(url: str) -> str:
    """Require the https URL of a repository, or an empty string."""
    if not url:
        return ""
    parts = _split(url)
    if parts is None or parts.scheme != "https" or not parts.path.strip("/"):
        return "use https://host/owner/name"
    for ending in ("/", ".git"):
        if url.endswith(ending):
            return f"remove '{ending}' at the end"
    return _refuse_credentials(parts)


def refuse_index(url: str) -> str:
    """Require the base URL of a package index: https, or http on this machine."""
    parts = _split(url)
    is_local = parts is not None and parts.hostname in {"localhost", "127.0.0.1"}
    if parts is None or not (parts.scheme == "https" or (parts.scheme == "http" and is_local)):
        return "use https://host/path"
    return _refuse_credentials(parts)


def refuse_index_name(name: str) -> str:
    """Require a name that can be part of an environment variable's name."""
    if not re.fullmatch(r"[a-z][a-z0-9]*", name):
        return "use a-z, then a-z or 0-9"
    return "use at most 40 characters" if len(name) > 40 else ""


def forge(url: str) -> str:
    """Guess the CI platform from the host of a repository URL."""
    host = urlsplit(url).hostname or "github.com"
    return next((name for name in ("github", "gitlab") if name in host.split(".")), "none")


def running_python() -> str:
    """Return the running minor version if it is offered, else the newest common one.

    It is a default only: the answer is recorded, so later renders do not depend on the machine.
    """
    running = f"{sys.version_info.major}.{sys.version_info.minor}"
    return running if running in _read("choices.toml")["python_version"] else NEWEST_COMMON_PYTHON


@cache
def git_user(field: str) -> str:
    """Return ``user.name`` or ``user.email`` of Git's configuration; empty if unset or invalid.

    Like ``running_python``, it is a default: an update uses the recorded answer.

    Args:
        field: 'name' or 'email'.
    """
    command = ("git", "config", "--get", f"user.{field}")
    try:
        done = subprocess.run(command, capture_output=True, check=True, encoding="utf-8")
    except (OSError, ValueError, subprocess.CalledProcessError):  # No Git, not UTF-8, or unset.
        return ""
    text = done.stdout.removesuffix("\n")
    return "" if {"name": refuse_line, "email": refuse_email}[field](text) else text


def _split(url: str) -> Any:
    """Parse a URL of unreserved characters; return None if it is invalid."""
    if not re.fullmatch(r"[a-z]+://[A-Za-z0-9._~:/@%+-]+", url):
        return None
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  (raises on an invalid port)
    except ValueError:
        return None
    return parts if parts.hostname and _is_host(parts.hostname) else None


def _is_host(name: str) -> bool:
    """Check a host name; one that ends in a number must be an IPv4 address."""
    ends_in_number = re.fullmatch(r"\d+|0x[0-9a-f]*", name.rstrip(".").rpartition(".")[2])
    try:
        name.encode("ascii").decode("idna")
        return bool(IPv4Address(name) if ends_in_number else HOST.fullmatch(name))
    except ValueError:
        return False


def _refuse_credentials(parts: Any) -> str:
    if "@" not in parts.netloc and not re.search(":.*@", parts.path):  # uv reads both as a login.
        return ""
    return "remove user and password"


@cache
def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((HERE / name).read_text(encoding="utf-8"))


@cache
def _names_of_dependencies() -> frozenset[str]:
    """Return the distributions and modules of every variant as identifiers."""
    return frozenset((HERE / "names.txt").read_text(encoding="utf-8").split())


class Answers(Extension):
    """Register the functions above under their names."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        filters = (
            forge,
            package_slug,
            refuse_email,
            refuse_index,
            refuse_index_name,
            refuse_line,
            refuse_package_name,
            refuse_repository,
            refuse_code,
            refuse_title,
        )
        environment.filters |= {function.__name__: function for function in filters}
        environment.globals |= {"git_user": git_user, "running_python": running_python}
