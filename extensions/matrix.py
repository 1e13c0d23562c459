"""Derive a project's wheel variants, and the valid answers, from cuda.toml.

Like plan.py, this file imports nothing of the template. It is pure: data and answers in, facts out.
"""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment
from jinja2.ext import Extension

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Build:
    """A wheel variant of a release line, with facts about its CUDA."""

    name: str
    """Folder of the index and local label of the version, or the extra of the package."""

    line: str
    """Release line, such as 2.15."""

    cuda: str
    """The answer to ``cuda_version`` that it serves; 'none' for the CPU."""

    python: tuple[str, str]
    """Oldest and newest CPython with wheels."""

    platforms: tuple[str, ...]
    extra: str = ""
    """Extra of the package that brings CUDA; empty where the index does."""

    capabilities: tuple[str, ...] = ()
    """Compute capabilities with machine code, the oldest first."""

    least_driver: Mapping[str, str] = field(default_factory=dict)
    """Oldest driver that runs it, by system."""

    native_driver: Mapping[str, str] = field(default_factory=dict)
    """Driver that it was released with, by system."""

    torchvision: str = ""

    def serves(self, python: str) -> bool:
        """Whether there are wheels for a minor version of Python."""
        return order(self.python[0]) <= order(python) <= order(self.python[1])


@dataclass(frozen=True)
class Stack:
    """The builds that serve one framework, Python and CUDA; all are of one release line."""

    key: str = ""
    """Name of the file in ``versions/`` with the pins of this stack."""

    package: str = ""
    """Distribution that has a build for each accelerator; empty for a framework without."""

    index: str = ""
    """Question with the base URL of the builds' explicit indexes; empty if there are none."""

    builds: Mapping[str, Build] = field(default_factory=dict)
    """Extra to its build."""

    exceptions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """License exceptions of CUDA packages, with the reason."""

    instead: Mapping[str, str] = field(default_factory=dict)
    """Answers that serve an ``older_driver``, an ``older_gpu`` or a ``newer_gpu``, if there are."""


class UnknownStackError(ValueError):
    """No release line supports the answers; the text has the reason and valid answers."""


def stack_for(answers: Mapping[str, Any]) -> Stack:
    """Choose the newest stable release line that has a build for every extra and for the Python.

    Raises:
        UnknownStackError: If there is none.
    """
    framework = answers.get("framework", "")
    cuda = answers.get("cuda_version", "none")
    python = answers.get("python_version", offered_pythons()[0])
    facts = _read("cuda.toml")["framework"].get(framework, {})
    builds = _builds(framework)
    if not builds and cuda == "none":
        return Stack(key=f"{framework}-none")
    name = _name(framework)
    found = [build for build in builds if build.cuda == cuda]
    if not found:
        others = sorted({build.cuda for build in builds} - {"none"}) or ["none"]
        raise UnknownStackError(
            f"{name} has no separate build for CUDA {cuda}: answer {' or '.join(others)}."
        )
    for build in found:
        if build.serves(python):
            (cpu,) = (b for b in builds if (b.line, b.cuda) == (build.line, "none"))
            return Stack(
                key=f"{framework}-{cuda}",
                package=facts["package"],
                index=facts.get("index", ""),
                builds={"cpu": cpu} if cuda == "none" else {"cpu": cpu, "cuda": build},
                exceptions={} if cuda == "none" else _read("cuda.toml")["license"],
                instead={} if cuda == "none" else _instead(builds, build, python),
            )
    pythons = sorted({python for build in found for python in build.python}, key=order)
    for_cuda = "" if cuda == "none" else f" for CUDA {cuda}"
    raise UnknownStackError(f"{name}{for_cuda} runs on Python {pythons[0]} to {pythons[-1]}.")


def offered_pythons() -> list[str]:
    """List the Pythons that are offered, the oldest first."""
    return list(_read("choices.toml")["python_version"])


def offered_cudas() -> list[str]:
    """List every answer to ``cuda_version``, 'none' first."""
    frameworks = _read("cuda.toml")["framework"]
    return ["none", *sorted({b.cuda for f in frameworks for b in _builds(f)} - {"none"}, key=order)]


def has_cuda(framework: str) -> bool:
    """Whether a framework has a build for CUDA at all."""
    return framework in _read("cuda.toml")["framework"]


def refuse_stack(framework: str, python: str, cuda: str = "none") -> str:
    """Return why no release line supports these answers; empty if one does."""
    try:
        stack_for({"framework": framework, "python_version": python, "cuda_version": cuda})
    except UnknownStackError as error:
        return str(error)
    return ""


def nearest_python(python: str, framework: str) -> str:
    """Return the nearest Python for which a framework has wheels."""
    served = [minor for minor in offered_pythons() if not refuse_stack(framework, minor)]
    return min(served, key=lambda minor: abs(order(minor)[1] - order(python)[1]))


def python_choices(framework: str) -> str:
    """Return the choices of ``python_version``; unsupported ones are disabled."""
    return _choices({minor: (minor, refuse_stack(framework, minor)) for minor in offered_pythons()})


def cuda_choices(framework: str, python: str) -> str:
    """Return the choices of ``cuda_version`` with their drivers and GPUs."""
    return _choices(
        {
            _label(framework, cuda): (cuda, refuse_stack(framework, python, cuda))
            for cuda in offered_cudas()
        }
    )


def order(version: str) -> tuple[int, ...]:
    """Return the sort key of a version."""
    return tuple(map(int, version.split(".")))


def _instead(builds: tuple[Build, ...], build: Build, python: str) -> dict[str, str]:
    """Find the nearest answers that support older or newer machines."""
    others = sorted(
        (b for b in builds if b.capabilities and b.serves(python)), key=lambda b: order(b.cuda)
    )

    def driver(other: Build) -> tuple[int, ...]:
        return order(other.least_driver["linux"])

    def gpu(other: Build, place: int) -> tuple[int, ...]:
        return order(other.capabilities[place])

    found = {
        "older_driver": [other.cuda for other in others if driver(other) < driver(build)][-1:],
        "older_gpu": [other.cuda for other in others if gpu(other, 0) < gpu(build, 0)][-1:],
        "newer_gpu": [other.cuda for other in others if gpu(other, -1) > gpu(build, -1)][:1],
    }
    return {need: answer for need, answers in found.items() for answer in answers}


def _label(framework: str, cuda: str) -> str:
    """Label a choice with the minimum driver and the GPU generations."""
    if cuda == "none":
        return "none: CPU only"
    build = next((build for build in _builds(framework) if build.cuda == cuda), None)
    if build is None:
        return cuda
    names = _read("cuda.toml")["generation"]
    driver = build.least_driver["linux"].partition(".")[0]
    oldest, newest = names[build.capabilities[0]], names[build.capabilities[-1]]
    return f"{cuda}: driver {driver}+, {oldest} to {newest}"


def _choices(rows: Mapping[str, tuple[str, str]]) -> str:
    """Format choices for Copier: label to value, and to the reason if disabled."""
    return json.dumps(
        {label: {"value": value, "validator": reason} for label, (value, reason) in rows.items()}
    )


def _name(framework: str) -> str:
    return str(_read("choices.toml")["framework"][framework]["name"])


@cache
def _builds(framework: str) -> tuple[Build, ...]:
    """List the stable builds of a framework, newest release line first."""
    matrix = _read("cuda.toml")
    rows = [
        _build(name, line, row, matrix["toolkit"].get(row.get("toolkit"), {}))
        for line, builds in matrix["build"].get(framework, {}).items()
        for name, row in builds.items()
        if row["status"] == "stable"
    ]
    return tuple(sorted(rows, key=lambda build: order(build.line), reverse=True))


def _build(name: str, line: str, row: dict[str, Any], toolkit: dict[str, Any]) -> Build:
    return Build(
        name=name,
        line=line,
        cuda=toolkit.get("cuda", "none"),
        python=(row["python"][0], row["python"][1]),
        platforms=tuple(row["platforms"]),
        extra=row.get("extra", ""),
        capabilities=tuple(row.get("capabilities", ())),
        least_driver=toolkit.get("least_driver", {}),
        native_driver=toolkit.get("native_driver", {}),
        torchvision=row.get("torchvision", ""),
    )


@cache
def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((HERE / name).read_text(encoding="utf-8"))


class Matrix(Extension):
    """Register what the questions use, and ``stack_for``, which the plan's hook uses."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.filters |= {"has_cuda": has_cuda, "nearest_python": nearest_python}
        environment.globals |= {
            "cuda_choices": cuda_choices,
            "python_choices": python_choices,
            "stack_for": stack_for,
        }
