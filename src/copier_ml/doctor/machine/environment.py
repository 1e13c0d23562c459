"""The project's environment: its Python, and the framework's version and devices."""

import json
import os
import subprocess
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

TIMEOUT_S = 120
"""The first import of a framework from a slow disk is slow."""


@dataclass(frozen=True)
class Build:
    """The installed build of the framework."""

    package: str
    version: str
    cuda: str
    """CUDA that it was built for, such as 13.0, or its major version; empty for the CPU."""


@dataclass(frozen=True)
class Device:
    """A device that the framework can use, other than the CPU."""

    index: int
    name: str
    kind: str
    """'cuda', or 'mps' on a Mac."""

    capability: str
    """Compute capability; empty where there is none."""

    memory_bytes: int
    """0 if unknown."""

    failure: str = ""
    """Why a small matrix product on it failed; empty if it did not."""


@dataclass(frozen=True)
class Environment:
    """The installed environment."""

    python: str = ""
    """Version of its Python; empty if there is no environment."""

    build: Build | None = None
    """The framework's build; None if it was not asked or cannot be imported."""

    error: str = ""
    """Why it cannot be imported."""

    devices: tuple[Device, ...] = ()


def read(project: Path) -> Environment:
    """Read the version of the project's Python from a file, without running it."""
    path = _folder(project) / "pyvenv.cfg"
    if not path.is_file():
        return Environment()
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    facts = {
        name.strip(): text.strip() for name, _, text in (line.partition("=") for line in lines)
    }
    return Environment(facts.get("version_info") or facts.get("version", ""))


def ask(project: Path, framework: str) -> Environment:
    """Let the project's Python import the framework and try each device.

    This runs code of the project: its interpreter and its installed packages.
    """
    here = read(project)
    interpreter = _folder(project) / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not here.python or not framework:
        return here
    probe = (files(__package__) / "probe.py").read_text(encoding="utf-8")
    try:
        done = subprocess.run(
            [interpreter, "-I", "-c", probe, framework],
            cwd=project,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            encoding="utf-8",
            errors="replace",
            timeout=TIMEOUT_S,
        )
    except subprocess.TimeoutExpired:
        return Environment(here.python, error=f"no answer in {TIMEOUT_S} s")
    except OSError as error:
        return Environment(here.python, error=f"{interpreter}: {error.strerror}")
    try:
        reply = json.loads((done.stdout.splitlines() or [""])[-1])
    except ValueError:
        last = done.stderr.strip().rpartition("\n")[2][:300]
        return Environment(here.python, error=last or f"Python exits with {done.returncode}")
    if "error" in reply:
        return Environment(here.python, error=reply["error"])
    devices = tuple(Device(**device) for device in reply["devices"])
    return Environment(here.python, Build(**reply["build"]), devices=devices)


def _folder(project: Path) -> Path:
    return project / os.environ.get("UV_PROJECT_ENVIRONMENT", ".venv")
