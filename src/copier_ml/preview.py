"""The verb ``preview``: what an update would do, without doing it."""

from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import project, telling, trust, updating
from .messages import refusing
from .new import split_pair


def preview(args: Namespace) -> None:
    """Say what an update would bring to a project, without touching it."""
    with refusing():
        found = project.find(args.project)
        wish = read_wish(args, found)
        with updating.tried(found, wish) as trial:
            write = telling.as_json if args.json else telling.as_text
            print(write(trial.outcome))


def read_wish(args: Namespace, found: project.Project) -> updating.Wish:
    """Read what is common to ``preview`` and ``update``."""
    is_trusted = args.trust or trust.is_trusted(found.source)
    return updating.Wish(args.to, dict(args.data), is_trusted)


def add_common_options(add: Callable[..., Any]) -> None:
    """Declare the options that ``preview`` and ``update`` share."""
    pairs = {"type": split_pair, "metavar": "KEY=VALUE", "action": "append", "default": []}
    add("project", type=Path, metavar="PROJECT", nargs="?", default=Path(), help="its folder; here")
    add("--to", metavar="VERSION", help="version of the template; the newest release")
    add("-d", "--data", **pairs, help="answer a question anew; a list is KEY=[a, b]; repeatable")
    add(
        "--trust",
        action="store_true",
        help="run code of a template that is not the one that copier-ml came from",
    )


def add_options(add: Callable[..., Any]) -> None:
    """Declare the options of the verb."""
    add_common_options(add)
    add("--json", action="store_true", help="write JSON")
