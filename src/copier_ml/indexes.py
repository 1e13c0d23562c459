"""Where a repository gets its packages, as answers."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from .evidence import Evidence, Guess

PYTORCH = re.compile(r"(https://[^\s\"']+?)/(?:cpu|cu\d{3})(?=[/\s\"']|$)")
"""Address of an index of PyTorch's builds, whose last part is the build."""


class Index(NamedTuple):
    """An index that a file declares."""

    url: str
    name: str
    kind: str
    """``mirror`` stands for the public index, ``private`` is asked beside it."""

    auth: str
    origin: str


def guess_index(it: Evidence) -> Iterator[tuple[str, Guess]]:
    """Guess the questions about package indexes, without a credential in any answer."""
    for found in _declared(it):
        yield "package_index", Guess(found.kind, found.origin)
        yield "package_index_url", Guess(found.url, found.origin)
        yield "package_index_auth", Guess(found.auth, found.origin)
        if found.name:
            yield "package_index_name", Guess(found.name, found.origin)
        break
    for path in ("pyproject.toml", *it.named(r"requirements.*\.(txt|in)")):
        if (match := PYTORCH.search(it.read(path))) and (url := _without_login(match[1])):
            yield "pytorch_index_url", Guess(url, path)
            break


def _declared(it: Evidence) -> Iterator[Index]:
    """Find the indexes that are neither the public one nor for builds of PyTorch alone."""
    tool = it.pyproject.get("tool", {})
    has_keyring = tool.get("uv", {}).get("keyring-provider") == "subprocess"
    rows = [(row, "mirror" if row.get("default") else "private", row.get("explicit"))
            for row in tool.get("uv", {}).get("index", [])]  # fmt: skip
    for row in tool.get("poetry", {}).get("source", []):
        priority = row.get("priority", "primary")
        rows.append((row, "mirror" if priority in ("primary", "default") else "private",
                     priority == "explicit"))  # fmt: skip
    for row, kind, is_explicit in rows:
        login = "keyring" if has_keyring else "token"
        asks = row.get("authenticate") == "always" or "@" in urlsplit(row.get("url", "")).netloc
        if not is_explicit:
            auth = login if asks or has_keyring else "none"
            yield from _index(row, kind, auth, "pyproject.toml")
    for path in it.named(r"requirements.*\.(txt|in)"):
        for option, url in re.findall(r"^--((?:extra-)?index-url)[ =]+(\S+)", it.read(path), re.M):
            auth = "token" if "@" in urlsplit(url).netloc else "none"
            kind = "mirror" if option == "index-url" else "private"
            yield from _index({"url": url}, kind, auth, path)


def _index(row: dict[str, Any], kind: str, auth: str, origin: str) -> Iterator[Index]:
    url = _without_login(str(row.get("url", "")))
    is_public = (urlsplit(url).hostname or "").split(".")[-2:-1] == ["pypi"]
    if url and not is_public and not PYTORCH.search(url):
        name = re.sub(r"[^a-z0-9]", "", str(row.get("name", "")).lower()).lstrip("0123456789")
        yield Index(url, name[:40], kind, auth, origin)


def _without_login(url: str) -> str:
    """Cut who logs in out of an address; give nothing where it is no plain address."""
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return ""
    plain = f"{parts.scheme}://{host}{parts.path}".rstrip("/")
    return plain if re.fullmatch(r"https://[A-Za-z0-9._~:/%+-]+", plain) else ""
