"""Defaults and refusals of answers: what copier.yml cannot say in a line.

A refusal is a filter: it says in one sentence what is right and what is wrong, or says nothing.
What is right comes first: in a terminal of 80 columns, Copier has 28 for it, and cuts off the rest.
Like plan.py, this file imports nothing of the template.
"""

import keyword
import re
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

LABEL = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
HOST = re.compile(rf"{LABEL}(\.{LABEL})*\.?")

SHOWN = 60
"""How much of an answer a refusal repeats."""


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
            f"use a-z, 0-9 and single '_', a letter first, at most 70 of them: {_shown(name)} is "
            "no package name."
        )
    for reason, names in _taken_names().items():
        if name in names:
            return f"add a word, as in '{name}_model': {name!r} is {reason}."
    return ""


def _taken_names() -> dict[str, Collection[str]]:
    """Names that are something else already, by what they are."""
    return {
        "a word of the Python language": {*keyword.kwlist, *keyword.softkwlist},
        "a module of the standard library": sys.stdlib_module_names,
        "a package that the project uses": _names_of_dependencies(),
        "taken by a folder or a tool": RESERVED | WINDOWS_DEVICES,
    }


def refuse_line(text: str) -> str:
    """Refuse text that does not stay on one line, or that no file format keeps as it is."""
    for character in text:
        is_noncharacter = ord(character) & 0xFFFE == 0xFFFE
        if unicodedata.category(character) in LINE_BREAKING or is_noncharacter:
            return f"leave out U+{ord(character):04X}: it has to be plain text on one line."
    if text != text.strip():
        return "leave out the space at its start or end."
    return ""


def refuse_code(answer: str) -> str:
    """Refuse what does not say whose the code is."""
    known = ("template", "own")
    return "" if answer in known else f"{' or '.join(known)}, not {_shown(answer)}"


def refuse_title(text: str) -> str:
    """Refuse a title that shows nothing, is too long, or is not on one line."""
    if not any(character.isprintable() and not character.isspace() for character in text):
        return "write at least one letter: a project needs a name."
    if len(text) > 80:
        return f"use at most 80 characters: it has {len(text)} characters."
    return refuse_line(text)


def refuse_email(text: str) -> str:
    """Refuse what is neither empty nor an e-mail address."""
    if text and not re.fullmatch(r"[^\s@<>\"',;:()\[\]\\]+@[^\s@<>\"',;:()\[\]\\]+", text):
        return f"use 'ada@example.org', or nothing: {_shown(text)} is no e-mail address."
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
            "use https://host/owner/name, without '.git' or '/' at its end, or nothing: "
            f"{_shown(url)} is no address of a repository."
        )
    return _refuse_credentials(parts)


def refuse_index(url: str) -> str:
    """Refuse what is not the base address of a package index."""
    parts = _split(url)
    is_local = parts is not None and parts.hostname in {"localhost", "127.0.0.1"}
    if parts is None or not (parts.scheme == "https" or (parts.scheme == "http" and is_local)):
        return (
            f"use https://host/path: {_shown(url)} is no address of a package index (http only for "
            "localhost and 127.0.0.1)."
        )
    return _refuse_credentials(parts)


def refuse_index_name(name: str) -> str:
    """Refuse what cannot stand in the name of an environment variable as it is."""
    if re.fullmatch(r"[a-z][a-z0-9]{0,39}", name):
        return ""
    return (
        f"use a-z and 0-9, a letter first, at most 40 of them: {_shown(name)} is no name for an "
        "index."
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
    return parts if parts.hostname and _is_host(parts.hostname) else None


def _is_host(name: str) -> bool:
    """Tell whether tools take a name for a host: one that ends in a number must be an address."""
    ends_in_number = re.fullmatch(r"\d+|0x[0-9a-f]*", name.rstrip(".").rpartition(".")[2])
    try:
        name.encode("ascii").decode("idna")
        return bool(IPv4Address(name) if ends_in_number else HOST.fullmatch(name))
    except ValueError:
        return False


def _shown(text: str) -> str:
    """Write what was answered into a sentence on one line, whatever it holds and however long."""
    return repr(text if len(text) <= SHOWN else f"{text[:SHOWN]}...")


def _refuse_credentials(parts: Any) -> str:
    if "@" not in parts.netloc and not re.search(":.*@", parts.path):  # uv takes both for them.
        return ""
    return "leave out user and password: a netrc file or the environment is their place."


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
            refuse_code,
            refuse_title,
        )
        environment.filters |= {function.__name__: function for function in filters}
        environment.globals["running_python"] = running_python
