"""Options that several commands share."""

from argparse import ArgumentTypeError
from collections.abc import Callable
from pathlib import Path
from typing import Any

Add = Callable[..., Any]
"""``add_argument`` of a command's parser."""


def add_project(add: Add) -> None:
    """Declare which project a command is for."""
    add("project", type=Path, metavar="PROJECT", nargs="?", default=Path(), help="its folder; here")


def add_data(add: Add, text: str) -> None:
    """Declare answers, with a help text."""
    pairs = {"type": split_pair, "metavar": "KEY=VALUE", "action": "append", "default": []}
    add("-d", "--data", **pairs, help=text)


def add_trust(
    add: Add, text: str = "run code of a template that copier-ml did not come from"
) -> None:
    """Declare that a template may run its code."""
    add("--trust", action="store_true", help=text)


def split_pair(text: str) -> tuple[str, str]:
    """Read an option ``KEY=VALUE``."""
    key, equals, value = text.partition("=")
    if equals:
        return key, value
    raise ArgumentTypeError(f"{text!r} is not KEY=VALUE")
