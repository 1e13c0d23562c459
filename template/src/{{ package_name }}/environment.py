"""The environment of a training: packages, Python, system and driver.

A model carries the environment of its training. If another package version or another Python would
compute with it, its predictions may differ, so it is refused there.
"""

import hashlib
import json
import platform
import re
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
    """Pin each package, without the label of a build such as +cu130."""
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
    # A build's label is no difference: CPU and CUDA may exchange models.
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


def _packages() -> dict[str, str]:
    """Follow the project's requirements through what is installed."""
    found: dict[str, str] = {}
    waiting = [(PROJECT, extra) for extra in ("", "cpu", "cuda")]
    seen = {*waiting}
    for name, extra in waiting:
        try:
            package = distribution(name)
        except PackageNotFoundError:  # Such as one that an image leaves out on purpose.
            continue
        found[canonicalize_name(name)] = package.version
        for required in map(Requirement, package.requires or []):
            if required.marker is None or required.marker.evaluate({"extra": extra}):
                needed = {(required.name, each) for each in {"", *required.extras}} - seen
                seen |= needed
                waiting += needed
    del found[canonicalize_name(PROJECT)]  # Its version says nothing: the commit does.
    return dict(sorted(found.items()))


def _driver() -> str:
    """Return the version of NVIDIA's driver; empty if there is none, or not on Linux."""
    text = DRIVER.read_text(encoding="utf-8") if DRIVER.is_file() else ""
    version = re.search(r"\s(\d+\.\d[\d.]*)\s", text)
    return version[1] if version else ""
