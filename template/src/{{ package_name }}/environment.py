"""The environment of a training: packages, Python, system and driver; and the Git commit.

A model carries the environment of its training. Other versions of packages or Python may change
its predictions, so it is refused there.
"""

import hashlib
import json
import platform
import re
import shutil
import subprocess
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from .errors import UserError
from .settings import PROJECT

Environment = dict[str, Any]
"""The keys ``python``, ``system``, ``driver`` and ``packages``: a version by its name."""

DRIVER = Path("/proc/driver/nvidia/version")


@cache  # What a process has imported does not change.
def read() -> Environment:
    """Describe this interpreter and machine."""
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}".lower(),
        "driver": _driver(),
        "packages": _packages(),
    }


def fingerprint(environment: Environment) -> str:
    """Hash an environment to 16 hex digits: equal environments have equal fingerprints."""
    text = json.dumps(environment, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def requirements(environment: Environment) -> list[str]:
    """Pin each package, without its wheel variant such as +cu130."""
    pins = environment["packages"].items()
    return [f"{name}=={version.partition('+')[0]}" for name, version in pins]


def check(uri: str, trained_with: Environment, *, is_drift_allowed: bool) -> None:
    """Check that a model may be used here. A package that only one side has does not count.

    Raises:
        UserError: If a package or the Python differs from the training's, unless allowed.
    """
    here, theirs = read(), trained_with["packages"]
    both = sorted(theirs.keys() & here["packages"].keys())
    pairs = [(name, theirs[name], here["packages"][name]) for name in both]
    # Wheel variants such as +cu130 do not count: models move between CPU and CUDA.
    found = [
        f"{name} {old} (here {new})"
        for name, old, new in pairs
        if old.partition("+")[0] != new.partition("+")[0]
    ]
    minors = [".".join(one["python"].split(".")[:2]) for one in (trained_with, here)]
    if minors[0] != minors[1]:
        found.insert(0, f"Python {minors[0]} (here {minors[1]})")
    if found and not is_drift_allowed:
        raise UserError(
            f"{uri} was trained with {', '.join(found)}; "
            "install these, or add --allow-environment-drift"
        )


def commit() -> tuple[str, bool]:
    """Return the checked-out commit, empty if there is none, and whether tracked files differ."""
    if (git := shutil.which("git")) is None:
        return "", False
    command = [git, "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  (no shell)
    name, _, mark = found.stdout.strip().partition("-")
    return name, bool(mark)


def _packages() -> dict[str, str]:
    """Return the installed versions of the project's requirements, direct and transitive."""
    found: dict[str, str] = {}
    waiting = [(PROJECT, extra) for extra in ("", "cpu", "cuda")]
    seen = {*waiting}
    for name, extra in waiting:
        try:
            package = distribution(name)
        except PackageNotFoundError:  # Such as one that an image leaves out.
            continue
        found[canonicalize_name(name)] = package.version
        for required in map(Requirement, package.requires or []):
            if required.marker is None or required.marker.evaluate({"extra": extra}):
                needed = {(required.name, each) for each in {"", *required.extras}} - seen
                seen |= needed
                waiting += needed
    del found[canonicalize_name(PROJECT)]  # The commit identifies it, not its version.
    return dict(sorted(found.items()))


def _driver() -> str:
    """Return the version of NVIDIA's driver; empty if there is none, or not on Linux."""
    text = DRIVER.read_text(encoding="utf-8") if DRIVER.is_file() else ""
    version = re.search(r"\s(\d+\.\d[\d.]*)\s", text)
    return version[1] if version else ""
