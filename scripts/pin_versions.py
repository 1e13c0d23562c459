"""Remake extensions/versions.txt and extensions/names.txt for a release.

Every framework is rendered with every feature and locked for every platform, each under the
versions of the one before, so that one list of versions serves all variants. The versions are the
newest that resolve; review the difference before it is committed.

    uv run python scripts/pin_versions.py [--pytorch-index-url URL]
"""

import argparse
import json
import re
import subprocess
import tempfile
from pathlib import Path

import yaml
from copier import run_copy

ROOT = Path(__file__).parent.parent
EXTENSIONS = ROOT / "extensions"
OLDEST_PYTHON = "3.11"

HEADER = """\
# The versions that this release was tested with, for every platform and Python it offers.
# Made by scripts/pin_versions.py; a new project's first lock takes them as constraints.
"""
PIN = re.compile(r"(?P<name>[a-z0-9-]+)==(?P<version>[^+; ]+)")
PYTHON = re.compile(r"python_full_version (?:<|>=) '[\d.]+'")

Pins = dict[str, dict[str, str]]
"""Package to version to the Pythons that it is for."""

EXPORT = "uv export --quiet --frozen --all-extras --all-groups --no-hashes --no-emit-project"
MODULES = """\
import importlib.metadata, json
print(json.dumps(sorted(importlib.metadata.packages_distributions())))
"""


def main() -> None:
    """Render, lock and export each framework, then write both files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pytorch-index-url", default="https://download.pytorch.org/whl")
    index = parser.parse_args().pytorch_index_url

    questions = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))
    pins: Pins = {}
    modules: set[str] = set()
    with tempfile.TemporaryDirectory() as name:
        constraints = Path(name) / "constraints.txt"
        for framework in questions["framework"]["choices"].values():
            project = Path(name) / framework
            _render(project, framework, index)
            constraints.write_text("\n".join(_lines(pins)))
            _lock(project, constraints)
            for package, versions in _export(project).items():
                pins.setdefault(package, {}).update(versions)
            modules |= _modules(project)

    names = {package.replace("-", "_") for package in pins}
    (EXTENSIONS / "versions.txt").write_text(HEADER + "\n".join(_lines(pins)) + "\n")
    (EXTENSIONS / "names.txt").write_text("\n".join(sorted(names | modules)) + "\n")


def _render(project: Path, framework: str, index: str) -> None:
    answers = {
        "framework": framework,
        "python_version": OLDEST_PYTHON,
        "pytorch_index_url": index,
    }
    run_copy(
        str(ROOT),
        project,
        data=answers,
        vcs_ref="HEAD",
        defaults=True,
        unsafe=True,
        quiet=True,
        skip_tasks=True,
    )


def _lock(project: Path, constraints: Path) -> None:
    pyproject = (project / "pyproject.toml").read_text(encoding="utf-8")
    (requirement,) = re.findall(r'"(tqdm>=[\d.]+)"', pyproject)
    _run(project, f"uv add --quiet --no-sync --constraints {constraints}", requirement)


def _export(project: Path) -> Pins:
    """Read the locked versions, without the label of a local build such as ``+cpu``."""
    pins: Pins = {}
    for line in _run(project, f"{EXPORT} --no-header --no-annotate").splitlines():
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
    _run(project, "uv sync --quiet --frozen --all-groups --no-install-project")
    found = json.loads(_run(project, "uv run --quiet --no-sync python -c", MODULES))
    return {name for name in found if re.fullmatch(r"[a-z][a-z0-9_]*", name)}


def _run(project: Path, command: str, *more: str) -> str:
    done = subprocess.run(
        [*command.split(), *more], cwd=project, check=True, stdout=subprocess.PIPE, encoding="utf-8"
    )
    return done.stdout


if __name__ == "__main__":
    main()
