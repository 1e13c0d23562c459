"""The template's extensions, loaded by their path as Copier loads them."""

import importlib.util
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[2]


def load(name: str, folder: str = "extensions") -> ModuleType:
    """Load a file as a module of its own."""
    spec = importlib.util.spec_from_file_location(name, ROOT / folder / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def load_script(name: str) -> ModuleType:
    """Load a file of scripts/."""
    return load(name, "scripts")


answers = load("answers")
compile_once = load("compile_once")
filters = load("filters")
matrix = load("matrix")
packages = load("packages")
plan = load("plan")
