"""Defaults and refusals of answers: what copier.yml cannot say in a line.

A refusal is a filter: it says in one sentence what is wrong and what is right, or says nothing.
Like plan.py, this file imports nothing of the template.
"""

import keyword
import re
import sys
import tomllib
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment
from jinja2.ext import Extension

HERE = Path(__file__).parent
NEWEST_COMMON_PYTHON = "3.13"
"""Python of a project whose maker runs one that is not offered."""

PACKAGE_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
RESERVED = {"conftest", "config", "data", "docs", "notebooks", "project", "tests"}
"""Folders of the project, and names that tools take for their own."""

WINDOWS_DEVICES = {
    "aux",
    "con",
    "nul",
    "prn",
    *(f"{d}{n}" for d in ("com", "lpt") for n in range(10)),
}
"""No folder may have these names on Windows."""

LINE_BREAKING = {"Cc", "Cs", "Zl", "Zp"}
"""Unicode categories that no text on one line has: controls, lone surrogates, line separators."""


def package_slug(title: str) -> str:
    """Turn a title into the nearest name that ``refuse_package_name`` accepts."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "_", plain).strip("_").lstrip("0123456789_")[:60].rstrip("_")
    if not slug:
        return "ml_project"
    return slug if not refuse_package_name(slug) else f"{slug}_project"


def refuse_package_name(name: str) -> str:
    """Refuse what cannot be both a package that is imported and a name on an index."""
    if not PACKAGE_NAME.fullmatch(name) or len(name) > 70:
        return (
            f"{name!r} is no package name: use at most 70 lower-case letters and digits, "
            "a letter first, single underscores between words."
        )
    if keyword.iskeyword(name) or keyword.issoftkeyword(name):
        return f"{name!r} is a word of the Python language: add a word, such as '{name}_model'."
    if name in sys.stdlib_module_names:
        return f"{name!r} is a module of the standard library: add a word, such as '{name}_model'."
    if name in _names_of_dependencies():
        return f"{name!r} is a package that the project uses: add a word, such as '{name}_model'."
    if name in RESERVED | WINDOWS_DEVICES:
        return f"{name!r} is taken by a folder or a tool: add a word, such as '{name}_model'."
    return ""


def refuse_line(text: str) -> str:
    """Refuse text that does not stay on one line, or that no file format keeps as it is."""
    for character in text:
        is_noncharacter = ord(character) & 0xFFFE == 0xFFFE
        if unicodedata.category(character) in LINE_BREAKING or is_noncharacter:
            return f"It holds the character U+{ord(character):04X}: use plain text on one line."
    if text != text.strip():
        return "It starts or ends with a space: leave that out."
    return ""


def refuse_title(text: str) -> str:
    """Refuse a title that is empty, too long, or not on one line."""
    if not text.strip():
        return "A project needs a name: write at least one letter."
    if len(text) > 80:
        return f"It has {len(text)} characters: use at most 80."
    return refuse_line(text)


def refuse_email(text: str) -> str:
    """Refuse what is neither empty nor an e-mail address."""
    if text and not re.fullmatch(r"[^\s@<>\"',;:()\[\]\\]+@[^\s@<>\"',;:()\[\]\\]+", text):
        return f"{text!r} is no e-mail address: write one such as 'ada@example.org', or nothing."
    return refuse_line(text)


def refuse_repository(url: str) -> str:
    """Refuse what is neither empty nor the https address of a repository."""
    if not url:
        return ""
    parts = _split(url)
    if (
        parts is None
        or parts.scheme != "https"
        or not parts.path.strip("/")
        or url.endswith(("/", ".git"))
    ):
        return (
            f"{url!r} is no address of a repository: write one such as "
            "'https://github.com/owner/name', without '.git' or '/' at its end, or nothing."
        )
    return _refuse_credentials(parts)


def refuse_index(url: str) -> str:
    """Refuse what is not the base address of a package index."""
    parts = _split(url)
    is_local = parts is not None and parts.hostname in {"localhost", "127.0.0.1"}
    if parts is None or not (parts.scheme == "https" or (parts.scheme == "http" and is_local)):
        return (
            f"{url!r} is no address of a package index: write one such as "
            "'https://mirror.example.org/whl' (http only for localhost and 127.0.0.1)."
        )
    return _refuse_credentials(parts)


def refuse_index_name(name: str) -> str:
    """Refuse what cannot stand in the name of an environment variable as it is."""
    if re.fullmatch(r"[a-z][a-z0-9]{0,39}", name):
        return ""
    return (
        f"{name!r} is no name for an index: use at most 40 lower-case letters and digits, a letter "
        "first, such as 'internal'."
    )


def forge(url: str) -> str:
    """Name the forge that a repository's host runs, among those that are offered."""
    host = urlsplit(url).hostname or "github.com"
    return next((name for name in ("github", "gitlab") if name in host.split(".")), "none")


def running_python() -> str:
    """Name the minor version that runs now if it is offered, else the newest common one.

    It is recorded as an answer, so it is the one look at the machine that a render takes.
    """
    running = f"{sys.version_info.major}.{sys.version_info.minor}"
    return running if running in _read("choices.toml")["python_version"] else NEWEST_COMMON_PYTHON


def _split(url: str) -> Any:
    """Take an address apart, or return None if it is none; only unreserved characters pass."""
    if not re.fullmatch(r"[a-z]+://[A-Za-z0-9._~:/@%+-]+", url):
        return None
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  (raises on a port that is no number)
    except ValueError:
        return None
    return parts if parts.hostname else None


def _refuse_credentials(parts: Any) -> str:
    if "@" not in parts.netloc:
        return ""
    return "It holds credentials: leave them out; a netrc file or the environment is their place."


@cache
def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((HERE / name).read_text(encoding="utf-8"))


@cache
def _names_of_dependencies() -> frozenset[str]:
    """Distributions and modules of every variant, as identifiers."""
    return frozenset((HERE / "names.txt").read_text(encoding="utf-8").split())


class Answers(Extension):
    """Register the functions above under their own names."""

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
            refuse_title,
        )
        environment.filters |= {function.__name__: function for function in filters}
        environment.globals["running_python"] = running_python
