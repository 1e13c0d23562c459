"""Options that several commands share."""

from argparse import ArgumentTypeError
from collections.abc import Callable
from pathlib import Path
from typing import Any

Add = Callable[..., Any]
"""``add_argument`` of a command's parser."""


def add_project(add: Add) -> None:
    """Add the project's folder as an argument."""
    add(
        "project",
        type=Path,
        metavar="PROJECT",
        nargs="?",
        default=Path(),
        help="folder of the project (default: .)",
    )


def add_data(add: Add, text: str) -> None:
    """Add answers as an option."""
    pairs = {"type": split_pair, "metavar": "KEY=VALUE", "action": "append", "default": []}
    add("-d", "--data", **pairs, help=text)


def add_trust(add: Add, text: str = "allow a third-party template to run code") -> None:
    """Add the option that allows a template to run code."""
    add("--trust", action="store_true", help=text)


def split_pair(text: str) -> tuple[str, str]:
    """Parse an option ``KEY=VALUE``."""
    key, equals, value = text.partition("=")
    if equals:
        return key, value
    raise ArgumentTypeError(f"{text!r} is not KEY=VALUE")
