"""Requirements of a project on the machine, from its pyproject.toml and cuda.toml."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

SYS_PLATFORM = {"windows": "win32"}
PLATFORMS = (
    ("darwin", "arm64"),
    ("linux", "aarch64"),
    ("linux", "x86_64"),
    ("windows", "AMD64"),
)
"""Systems and processors that projects are locked for."""

MINORS = tuple(f"3.{minor}" for minor in range(9, 40))


@dataclass(frozen=True)
class CudaBuild:
    """The CUDA build of the framework that the project requires."""

    name: str
    """Local label of the version, such as cu130, or the extra of the package, such as cuda13."""

    cuda: str
    """Its CUDA, such as 13.0, or the major version alone."""

    capabilities: tuple[str, ...] = ()
    """Compute capabilities with machine code, oldest first; empty if unknown."""

    least_driver: Mapping[str, str] = field(default_factory=dict)
    """Oldest driver that runs it, by system."""

    native_driver: Mapping[str, str] = field(default_factory=dict)
    """Driver that it was released with, by system."""

    instead: Mapping[str, str] = field(default_factory=dict)
    """Other CUDA versions, for an ``older_driver``, an ``older_gpu`` or a ``newer_gpu``."""


@dataclass(frozen=True)
class Needs:
    """Requirements of a project. The defaults are those of a project without a framework."""

    framework: str = ""
    """Distribution of the framework, such as torch; empty if the project has none."""

    has_extras: bool = False
    """Whether an extra chooses the framework's build, such as ``cpu``."""

    cuda: CudaBuild | None = None
    oldest_python: str = ""
    """Oldest minor version of Python that the lock serves; empty without a limit."""

    newest_python: str = ""
    environments: tuple[str, ...] = ()
    """Markers of the platforms that the lock serves; empty if it serves all."""

    def serves(self, system: str, processor: str) -> bool:
        """Return whether the lock serves a platform."""
        markers = [Marker(text) for text in self.environments]
        return _serves(markers, system, processor, self.oldest_python or MINORS[0])


def read(pyproject: Path) -> Needs:
    """Read the requirements of a project.

    Raises:
        ValueError: The file is invalid TOML, or has an invalid requirement, version or marker.
    """
    whole = tomllib.loads(pyproject.read_text(encoding="utf-8"))
    project, uv = whole.get("project", {}), whole.get("tool", {}).get("uv", {})
    extras = project.get("optional-dependencies", {})
    environments = tuple(uv.get("environments", ()))
    oldest, newest = _find_pythons(project.get("requires-python", ""), environments)
    cpu = _read_names(extras.get("cpu", ()))
    known = [*_framework_of_package(), "xgboost", "lightgbm", "scikit-learn"]
    required = cpu | _read_names(project.get("dependencies", ()))
    framework = next((name for name in known if name in required), "")
    return Needs(
        framework=framework,
        has_extras=framework in cpu,
        cuda=_find_cuda(framework, extras.get("cuda", ()), uv.get("sources", {}), oldest),
        oldest_python=oldest,
        newest_python=newest,
        environments=environments,
    )


def order(version: str) -> tuple[int, ...]:
    """Return the sort key of a version: its leading numbers."""
    numbers = []
    for part in version.split("."):
        digits = part[: len(part) - len(part.lstrip("0123456789"))]
        if not digits:
            break
        numbers.append(int(digits))
    return tuple(numbers)


def _read_names(requirements: Iterable[str]) -> set[str]:
    return {Requirement(text).name for text in requirements}


def _find_pythons(requires: str, environments: tuple[str, ...]) -> tuple[str, str]:
    """Find the oldest and the newest minor version of Python; empty where there is no limit."""
    specifiers, markers = SpecifierSet(requires), [Marker(text) for text in environments]
    served = [
        minor
        for minor in MINORS
        if specifiers.contains(f"{minor}.99")  # ">=3.11.4" serves 3.11
        and any(_serves(markers, *platform, minor) for platform in PLATFORMS)
    ]
    return (
        served[0] if served and served[0] != MINORS[0] else "",
        served[-1] if served and served[-1] != MINORS[-1] else "",
    )


def _serves(markers: list[Marker], system: str, processor: str, python: str) -> bool:
    here = {
        "sys_platform": SYS_PLATFORM.get(system, system),
        "platform_system": system.title(),
        "platform_machine": processor,
        "os_name": "nt" if system == "windows" else "posix",
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
        "python_version": python,
        "python_full_version": f"{python}.99",
    }
    return not markers or any(marker.evaluate(here) for marker in markers)


def _find_cuda(
    framework: str, extra: Iterable[str], sources: Mapping[str, Any], python: str
) -> CudaBuild | None:
    """Find the build that the extra ``cuda`` requires, by the package's own extra or its index."""
    required = [found for found in map(Requirement, extra) if found.name == framework]
    rows = sources.get(framework, [])
    indexes = [
        str(row.get("index", ""))
        for row in ([rows] if isinstance(rows, dict) else rows)
        if row.get("extra") == "cuda"
    ]
    names = [*(name for found in required for name in sorted(found.extras)), *indexes]
    name = next((found[0] for text in names if (found := re.search(r"cu(da)?\d+$", text))), "")
    if not required or not name:
        return None
    lines = [".".join(map(str, order(one.version)[:2])) for it in required for one in it.specifier]
    key = _framework_of_package()[framework]
    row = _read_matrix()["build"][key].get(lines[0] if lines else "", {}).get(name)
    if row is None:
        digits = name.lstrip("cuda")
        return CudaBuild(name, digits if len(digits) == 2 else f"{digits[:-1]}.{digits[-1]}")
    toolkit = _read_matrix()["toolkit"][row["toolkit"]]
    return CudaBuild(
        name,
        toolkit["cuda"],
        tuple(row["capabilities"]),
        toolkit["least_driver"],
        toolkit["native_driver"],
        _find_others(key, row, python),
    )


def _find_others(key: str, build: Mapping[str, Any], python: str) -> dict[str, str]:
    """Find the CUDA versions nearest to that of a build which serve older or newer machines.

    ``extensions/matrix.py`` has the same rule for the template; a test compares them.
    """
    matrix = _read_matrix()
    rows = [
        row
        for builds in matrix["build"][key].values()
        for row in builds.values()
        if "toolkit" in row and row["status"] == "stable" and _runs_on(row, python)
    ]
    rows.sort(key=lambda row: order(_toolkit(row)["cuda"]))

    def driver(row: Mapping[str, Any]) -> tuple[int, ...]:
        return order(_toolkit(row)["least_driver"]["linux"])

    def gpu(row: Mapping[str, Any], place: int) -> tuple[int, ...]:
        return order(row["capabilities"][place])

    found = {
        "older_driver": [row for row in rows if driver(row) < driver(build)][-1:],
        "older_gpu": [row for row in rows if gpu(row, 0) < gpu(build, 0)][-1:],
        "newer_gpu": [row for row in rows if gpu(row, -1) > gpu(build, -1)][:1],
    }
    return {need: _toolkit(row)["cuda"] for need, rows in found.items() for row in rows}


def _runs_on(row: Mapping[str, Any], python: str) -> bool:
    oldest, newest = map(order, row["python"])
    return not python or oldest <= order(python) <= newest


def _toolkit(row: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = _read_matrix()["toolkit"][row["toolkit"]]
    return found


def _framework_of_package() -> dict[str, str]:
    """Map a distribution to its framework's name in cuda.toml."""
    return {row["package"]: name for name, row in _read_matrix()["framework"].items()}


@cache
def _read_matrix() -> dict[str, Any]:
    """Read the copy of the template's ``extensions/cuda.toml``; a test compares the two."""
    return tomllib.loads((files(__package__) / "cuda.toml").read_text(encoding="utf-8"))
