"""What uv knows: the builds in the lock, and whether the package indexes answer."""

import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

from . import machine

TIMEOUT_S = 60
PATIENCE = {"UV_HTTP_RETRIES": "0", "UV_HTTP_TIMEOUT": "10"}

REMEDIES = {
    r"401|403|credentials": "give uv a user name and a password: {variables}, or a netrc file",
    r"404": "correct its address in pyproject.toml",
    r"dns|resolve|lookup": "correct its address in pyproject.toml, or the network's name service",
    r"certificate|tls": "set UV_SYSTEM_CERTS=1 if the network has certificates of its own",
    r"": "look whether the network, a proxy or the index is down, and try again",
}
"""Words in what uv says, and what to do; the first that fits."""


def builds(path: Path, needs: dict[str, Any]) -> tuple[str, ...] | None:
    """List the locked versions of the framework's package and its plug-ins; None without a lock."""
    if not path.is_file():
        return None
    package = needs.get("package", "")
    plugin = f"{package}-{needs['cuda']['build']}-plugin" if "cuda" in needs else ""
    locked = tomllib.loads(path.read_text(encoding="utf-8"))["package"]
    return tuple(
        found["version"] if found["name"] == package else f"{found['version']} ({found['name']})"
        for found in locked
        if found["name"] in {package, plugin}
    )


def ask_indexes(pyproject: Path, extra: str) -> str | None:
    """Have uv ask every index for the direct requirements, with the credentials that it finds.

    Returns:
        What uv complains about, in one line; empty if it does not; None if it was not asked.
    """
    if not pyproject.is_file():
        return None
    options = ["--no-deps", "--refresh", "--quiet", *(["--extra", extra] if extra else [])]
    try:
        done = machine.ask(
            "uv", "pip", "compile", str(pyproject), *options, timeout_s=TIMEOUT_S, **PATIENCE
        )
    except subprocess.TimeoutExpired:
        return f"uv got no answer in {TIMEOUT_S} s"
    return None if done is None else _shorten(done.stderr) if done.returncode else ""


def remedy(complaint: str) -> str:
    """Say what to do about a complaint of uv."""
    text = next(text for word, text in REMEDIES.items() if re.search(f"(?i:{word})", complaint))
    return text.format(variables="UV_INDEX_<NAME>_USERNAME and UV_INDEX_<NAME>_PASSWORD")


def _shorten(told: str) -> str:
    """Keep the first line with an address and the last, which says why; no user, no password."""
    lines = [re.sub(r"^ *(error|hint|cause): ", "", line).strip() for line in told.splitlines()]
    kept = [*[line for line in lines if "://" in line][:1], *lines[-1:]]
    return re.sub(r"//[^/@\s]*@", "//", ": ".join(dict.fromkeys(kept)))[:300]
