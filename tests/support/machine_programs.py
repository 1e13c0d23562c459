"""Stand-ins for the programs of a machine, and for a project's environment."""

import venv
from pathlib import Path

import pytest


def empty_path(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make an empty folder that is the whole PATH."""
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    for name in ("UV", "UV_PROJECT_ENVIRONMENT", "CUDA_VISIBLE_DEVICES"):
        monkeypatch.delenv(name, raising=False)
    return folder


def fake(programs: Path, name: str, script: str) -> None:
    """Put a shell script into a folder of programs."""
    path = programs / name
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)


def install(project: Path, **modules: str) -> Path:
    """Make the environment of a project with some modules of made-up code; return their folder."""
    venv.create(project / ".venv", with_pip=False)
    (folder,) = [*(project / ".venv").glob("lib/python*/site-packages"),
                 *(project / ".venv").glob("Lib/site-packages")]  # fmt: skip
    for name, code in modules.items():
        (folder / f"{name}.py").write_text(code, encoding="utf-8")
    return folder


def describe(packages: Path, name: str, version: str) -> None:
    """Put the metadata of a distribution into a folder of packages."""
    folder = packages / f"{name.replace('-', '_')}-{version}.dist-info"
    folder.mkdir()
    text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    (folder / "METADATA").write_text(text, encoding="utf-8")
