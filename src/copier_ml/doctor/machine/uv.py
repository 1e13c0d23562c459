"""Facts from uv: wheels in the lockfile, whether it is up to date, whether the indexes answer.

``read_builds`` only reads a file. The others run uv, which runs the project's Python and may run
its build backend.
"""

import os
import re
import subprocess
import tomllib
from pathlib import Path

from .hardware import run
from .needs import Needs

TIMEOUT_S = 60
QUICKLY = {"UV_HTTP_RETRIES": "0", "UV_HTTP_TIMEOUT": "10", "UV_PYTHON_DOWNLOADS": "never"}

STALE = re.compile(r"needs to be updated|network was disabled|not found in the cache")
"""Messages of uv for an outdated lockfile: a current one needs no network and no cache."""

STALE_LOCK = "uv.lock does not match pyproject.toml"

REMEDIES = {
    r"401|403|credentials": "give uv a user name and a password: {variables}, or a netrc file",
    r"404": "correct its address in pyproject.toml",
    r"dns|resolve|lookup": "correct its address in pyproject.toml, or check the name service",
    r"certificate|tls": "set UV_SYSTEM_CERTS=1 if the network has certificates of its own",
    r"": "check the network, the proxy and the index, and try again",
}
"""Pattern in uv's error message to its fix; the first match counts."""


def read_builds(lock: Path, needs: Needs) -> tuple[str, ...] | None:
    """List the locked versions of the framework and its CUDA plug-in; None without a lock.

    Raises:
        ValueError: The lock is a link, or invalid TOML, for example after a merge with conflicts.
    """
    if lock.is_symlink():
        raise ValueError("it is a symbolic link: replace it with the file")
    if not lock.is_file():
        return None
    plugin = f"{needs.framework}-{needs.cuda.name}-plugin" if needs.cuda else ""
    locked = tomllib.loads(lock.read_text(encoding="utf-8")).get("package", [])
    names = {needs.framework, plugin} if needs.has_extras else set()
    return tuple(
        found["version"]
        if found["name"] == needs.framework
        else f"{found['version']} ({found['name']})"
        for found in locked
        if found["name"] in names
    )


def check_lock(project: Path) -> str | None:
    """Compare the lock with pyproject.toml.

    Returns:
        ``STALE_LOCK``, or why uv cannot tell; empty if they fit; None if uv is missing.
    """
    message = _run(project, "lock", "--check", "--offline")
    if not message:
        return message
    return STALE_LOCK if STALE.search(message) else f"uv cannot check uv.lock: {_shorten(message)}"


def ask_indexes(project: Path, extra: str, python: str) -> str | None:
    """Let uv query every index for the direct requirements, with its credentials.

    Returns:
        uv's error message, in one line; empty if all answer; None if uv is missing.
    """
    options = ["--no-deps", "--refresh", "--quiet"]
    options += ["--extra", extra] if extra else []
    options += ["--python-version", python] if python else []
    message = _run(project, "pip", "compile", "pyproject.toml", *options)
    return _shorten(message) if message else message


def find_remedy(message: str) -> str:
    """Return the fix for uv's error with an index."""
    text = next(text for word, text in REMEDIES.items() if re.search(f"(?i:{word})", message))
    return text.format(variables="UV_INDEX_<NAME>_USERNAME and UV_INDEX_<NAME>_PASSWORD")


def _run(project: Path, *arguments: str) -> str | None:
    """Run uv and return its error message, empty if it succeeds; None if it is missing."""
    program = os.environ.get("UV") or "uv"  # uvx sets UV for what it runs.
    try:
        done = run(program, *arguments, timeout_s=TIMEOUT_S, folder=project, **QUICKLY)
    except subprocess.TimeoutExpired:
        return f"no answer from uv in {TIMEOUT_S} s"
    if done is None:
        return None
    return done.stderr.strip() or "uv gives no reason" if done.returncode else ""


def _shorten(message: str) -> str:
    """Keep the first line with an address and the last, which says why; no user, no password."""
    lines = [re.sub(r"^ *(error|hint|cause): ", "", line).strip() for line in message.splitlines()]
    kept = [*[line for line in lines if "://" in line][:1], *lines[-1:]]
    return re.sub(r"//[^/@\s]*@", "//", ": ".join(dict.fromkeys(kept)))[:300]
