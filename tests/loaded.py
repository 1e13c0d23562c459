"""The template's extensions, loaded by their path as Copier loads them."""

import importlib.util
from types import ModuleType

from conftest import ROOT


def load(name: str) -> ModuleType:
    """Load a file of extensions/ as a module of its own."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "extensions" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


answers = load("answers")
compile_once = load("compile_once")
filters = load("filters")
plan = load("plan")
