"""The parts of the package: folders that add commands, settings and hooks.

Nothing lists them: each folder here is a part, and deleting it removes its commands and settings.
The core imports no part, and no part imports another.
"""

import sys
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any


@cache
def packages() -> dict[str, dict[str, str]]:
    """Map the core and each part to its commands, each with its help."""
    folders = [
        found.name for found in iter_modules(sys.modules[__package__].__path__) if found.ispkg
    ]
    names = [__package__, *(f"{__package__}.{folder}" for folder in folders)]
    return {name: import_module(name).COMMANDS for name in names}


def summaries() -> dict[str, str]:
    """Map the name of each command to its help."""
    return {name: text for commands in packages().values() for name, text in commands.items()}


def command(name: str) -> type[Any]:
    """Import the class of a command."""
    package = next(one for one, commands in packages().items() if name in commands)
    found: type[Any] = import_module(f"{package}.commands").COMMANDS[name]
    return found


def setting_names() -> set[str]:
    """Return the settings of all commands, which share files and environment."""
    return {field for name in summaries() for field in command(name).model_fields}


def hooks(name: str) -> Iterator[Any]:
    """Return the functions of this name of the parts that have one."""
    found = (getattr(import_module(package), name, None) for package in packages())
    return filter(None, found)
