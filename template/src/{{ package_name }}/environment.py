"""What a model was made with: packages, Python, system, CUDA and driver; how two of them differ.

A model carries the environment of its training. Where another package or another Python minor
version would compute with it, its numbers may differ, so it is refused there.
"""

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from typing import Any, Self

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from . import devices, machine
from .settings import PROJECT

log = logging.getLogger(__name__)

Needed = tuple[NormalizedName, str]
"""Name of a package, and the extra of it that is wanted; empty for none."""

Versions = dict[str, str]


@dataclass(frozen=True)
class Environment:
    """What decides how a model computes."""

    packages: Versions
    """Installed version of each package that the project requires, whatever the accelerator."""

    build: Versions
    """The same of what only the framework's build requires, such as NVIDIA's libraries."""

    extra: str
    """Extra of the project that brings the framework's build; empty if there is none to choose."""

    python: str
    system: str
    """System and processor, such as 'linux x86_64'."""

    cuda: str
    """CUDA of the framework's build; empty for the CPU's."""

    driver: str
    """Version of NVIDIA's driver; empty if none answers."""

    @property
    def fingerprint(self) -> str:
        """Digest of everything here, as 16 hex digits: equal environments have equal ones."""
        text = json.dumps(asdict(self), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def requirements(self) -> list[str]:
        """Pin each package, as pip reads it; the label of a build, such as +cu130, is left out."""
        pins = self.packages | self.build
        return [f"{name}=={version.partition('+')[0]}" for name, version in sorted(pins.items())]

    def to_json(self) -> str:
        """Write it down, with its fingerprint."""
        return json.dumps(asdict(self) | {"fingerprint": self.fingerprint}, indent=2)

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Self:
        """Take it back from what was written down.

        Raises:
            ValueError: If a fact is missing.
        """
        names = [field.name for field in fields(cls)]
        if missing := [name for name in names if name not in facts]:
            raise ValueError(f"it is no environment: it has no {', '.join(missing)}")
        return cls(**{name: facts[name] for name in names})


def read() -> Environment:
    """Look at this interpreter and this machine."""
    here, built = machine.read(), devices.build()
    packages = _closure(PROJECT, "")
    accelerator = {canonicalize_name(built.package)} - packages.keys()
    extra = ("cuda" if built.cuda else "cpu") if accelerator else ""
    beside = _closure(PROJECT, extra)
    return Environment(
        packages=packages | {name: beside[name].partition("+")[0] for name in accelerator},
        build={name: beside[name] for name in sorted(beside.keys() - packages.keys())},
        extra=extra,
        python=here.python,
        system=f"{here.system} {here.processor}",
        cuda=built.cuda,
        driver=here.driver,
    )


def differences(one: Environment, other: Environment) -> list[str]:
    """Name everything that differs: the fact, then the one and the other value."""
    found = []
    for field in fields(Environment):
        a, b = getattr(one, field.name), getattr(other, field.name)
        if isinstance(a, dict):
            found += [f"{name} {_told(a, name)}, {_told(b, name)}" for name in _unequal(a, b)]
        elif a != b:
            found.append(f"{field.name} {a or 'none'}, {b or 'none'}")
    return found


def drift(model: Environment, here: Environment) -> list[str]:
    """Name what keeps a model from being used here.

    A package that only one of the two has does not: an image leaves out what its service never
    imports, and a model that needs what is missing cannot be loaded.
    """
    found = []
    if _minor(model.python) != _minor(here.python):
        found.append(f"Python {_minor(model.python)}, here {_minor(here.python)}")
    both = model.packages.keys() & here.packages.keys()
    missed = [name for name in _unequal(model.packages, here.packages) if name in both]
    return found + [f"{name} {model.packages[name]}, here {here.packages[name]}" for name in missed]


def check(uri: str, metadata: Mapping[str, Any], *, is_drift_allowed: bool) -> None:
    """See that a model may be used here, by what it carries about itself.

    Raises:
        ValueError: If a package or the Python differs from those of its training, unless allowed.
    """
    if "environment" not in metadata:
        log.warning("%s does not say what it was made with: train it again to have it say so", uri)
    elif missed := drift(Environment.of(metadata["environment"]), read()):
        told = f"{uri} was made with {'; '.join(missed)}"
        if not is_drift_allowed:
            raise ValueError(
                f"{told}; 'environment restore' brings its packages back, "
                "'--allow-environment-drift' does without"
            )
        log.warning("%s, which was allowed", told)


def _closure(root: str, extra: str) -> Versions:
    """Follow the requirements of a package through what is installed, and name what they reach."""
    found: Versions = {}
    waiting = [(canonicalize_name(root), extra)]
    seen = set(waiting)
    while waiting:
        name, extra = waiting.pop()
        try:
            found[name], required = _look_up(name, extra)
        except PackageNotFoundError:  # Such as a library of CUDA that was left out on purpose.
            continue
        for needed in required:
            if needed not in seen:
                seen.add(needed)
                waiting.append(needed)
    found.pop(canonicalize_name(root), None)  # Its version says nothing: the commit does.
    return dict(sorted(found.items()))


@cache  # What a process has imported stays as it is, and a hundred packages take half a second.
def _look_up(name: str, extra: str) -> tuple[str, tuple[Needed, ...]]:
    """Return the version of a package, and what it or its extra requires, each with an extra."""
    package = distribution(name)
    needed: dict[Needed, None] = {}
    for requirement in map(Requirement, package.requires or []):
        if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
            required = canonicalize_name(requirement.name)
            needed |= dict.fromkeys((required, wanted) for wanted in {"", *requirement.extras})
    return package.version, tuple(needed)


def _unequal(a: Versions, b: Versions) -> list[str]:
    return sorted(name for name in a.keys() | b.keys() if a.get(name) != b.get(name))


def _told(versions: Versions, name: str) -> str:
    return versions.get(name, "none")


def _minor(python: str) -> str:
    return ".".join(python.split(".")[:2])
