"""Remake the versions and the names of a release: versions.txt, versions/ and names.txt.

Every stack (a framework and its CUDA) is rendered with every part and locked for every platform,
with the newest versions that resolve. What all stacks agree on goes into extensions/versions.txt,
the rest, such as torch and NVIDIA's libraries, into a file of extensions/versions/ for each stack.
Review the difference before it is committed.

    uv run python scripts/pin_versions.py [--pytorch-index-url URL]

It needs a Python that every framework has builds for: UV_PYTHON names one.
"""

import argparse
import json
import os
import re
import runpy
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import yaml
from copier import run_copy

ROOT = Path(__file__).parent.parent
EXTENSIONS = ROOT / "extensions"
BASE = "sklearn-none"
"""The stack that has no accelerator: every other stack takes its versions and adds to them."""

HEADER = """\
# The versions that this release was tested with, for every platform and Python it offers.
# Made by scripts/pin_versions.py; a new project's first lock takes them as constraints.
"""
PIN = re.compile(r"(?P<name>[a-z0-9-]+)==(?P<version>[^+; ]+)")
PYTHON = re.compile(r"python_full_version (?:<|>=) '[\d.]+'")

Pins = dict[str, dict[str, str]]
"""Package to version to the Pythons that it is for."""

UV = os.environ.get("UV", "uv")
"""``uv run`` names itself here; a shim on PATH might heed the project's .python-version."""

EXPORT = "export --quiet --frozen --all-groups --no-emit-project"
PLAIN = "--no-hashes --no-header --no-annotate"
MODULES = """\
import importlib.metadata, json
print(json.dumps(sorted(importlib.metadata.packages_distributions())))
"""


def main() -> None:
    """Render, lock and export each stack, then write the files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pytorch-index-url", default="https://download.pytorch.org/whl")
    index = parser.parse_args().pytorch_index_url

    with tempfile.TemporaryDirectory() as name:
        constraints = Path(name) / "constraints.txt"
        constraints.touch()
        pins = {BASE: _pin(Path(name) / BASE, {"framework": "sklearn"}, constraints)}
        constraints.write_text("\n".join(_lines(pins[BASE])))
        for key, answers in stacks().items():
            answers["pytorch_index_url"] = index
            pins[key] = _pin(Path(name) / key, answers, constraints)
        modules = _modules(Path(name) / BASE)

    write(pins)
    packages = {package.replace("-", "_") for found in pins.values() for package in found}
    (EXTENSIONS / "names.txt").write_text("\n".join(sorted(packages | modules)) + "\n")


def stacks() -> dict[str, dict[str, Any]]:
    """Return the answers of every stack but the base, each at the oldest Python that it serves."""
    matrix = SimpleNamespace(**runpy.run_path(str(EXTENSIONS / "matrix.py")))
    questions = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))
    found = {}
    for framework in questions["framework"]["choices"].values():
        for cuda in matrix.offered_cudas():
            for python in matrix.offered_pythons() if f"{framework}-{cuda}" != BASE else ():
                if not matrix.refuse_stack(framework, python, cuda):
                    answers = {"framework": framework, "cuda_version": cuda}
                    found[f"{framework}-{cuda}"] = answers | {"python_version": python}
                    break
    return found


def split(pins: dict[str, Pins]) -> tuple[Pins, dict[str, Pins]]:
    """Divide the pins of all stacks into those they agree on, and what is left of each."""
    common = dict(pins[BASE])
    for package in {package for found in pins.values() for package in found} - common.keys():
        versions = [found[package] for found in pins.values() if package in found]
        if all(version == versions[0] for version in versions):
            common[package] = versions[0]
    rest = {
        key: {package: found[package] for package in found.keys() - common.keys()}
        for key, found in pins.items()
    }
    return common, {key: found for key, found in rest.items() if found}


def write(pins: dict[str, Pins]) -> None:
    """Write versions.txt and the files of versions/, and remove those that are not needed."""
    common, rest = split(pins)
    (EXTENSIONS / "versions.txt").write_text(HEADER + "\n".join(_lines(common)) + "\n")
    folder = EXTENSIONS / "versions"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for key, found in rest.items():
        (folder / f"{key}.txt").write_text("\n".join(_lines(found)) + "\n")


def _pin(project: Path, answers: dict[str, Any], constraints: Path) -> Pins:
    """Lock a project of these answers and read its versions."""
    run_copy(
        str(ROOT),
        project,
        data={"python_version": "3.11", "profile": "everything"} | answers,
        vcs_ref="HEAD",
        defaults=True,
        unsafe=True,
        quiet=True,
        skip_tasks=True,
    )
    pyproject = (project / "pyproject.toml").read_text(encoding="utf-8")
    (requirement,) = re.findall(r'"(tqdm>=[\d.]+)"', pyproject)
    _run(project, f"add --quiet --no-sync --constraints {constraints}", requirement)
    extras = re.findall(r"^(cpu|cuda) = \[$", pyproject, re.M)
    pins: Pins = {}
    for options in [f"--extra {extra}" for extra in extras] or [""]:
        for package, versions in _export(project, options).items():
            pins.setdefault(package, {}).update(versions)
    return pins


def _export(project: Path, options: str) -> Pins:
    """Read the locked versions, without the label of a local build such as ``+cpu``."""
    pins: Pins = {}
    for line in _run(project, f"{EXPORT} {PLAIN} {options}").splitlines():
        if found := PIN.match(line):
            cases = {" and ".join(PYTHON.findall(case)) for case in line.split(" or ")}
            pins.setdefault(found["name"], {})[found["version"]] = " or ".join(sorted(cases))
    return pins


def _lines(pins: Pins) -> list[str]:
    """Write one line a version; a marker only where another Python has another version."""
    return [
        f"{name}=={version} ; {marker}" if len(versions) > 1 else f"{name}=={version}"
        for name, versions in sorted(pins.items())
        for version, marker in sorted(versions.items())
    ]


def _modules(project: Path) -> set[str]:
    """Return the modules that the project's packages bring, public and importable ones."""
    _run(project, "sync --quiet --frozen --all-groups --no-install-project")
    found = json.loads(_run(project, "run --quiet --no-sync python -c", MODULES))
    return {name for name in found if re.fullmatch(r"[a-z][a-z0-9_]*", name)}


def _run(project: Path, command: str, *more: str) -> str:
    """Run a command of uv in a project and return what it prints."""
    done = subprocess.run(
        [UV, *command.split(), *more],
        cwd=project,
        check=True,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    return done.stdout


if __name__ == "__main__":
    main()
