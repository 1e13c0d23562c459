"""The command ``audit``: audit the locked dependencies of a project."""

from argparse import Namespace
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path
from typing import Any


def run(args: Namespace) -> int:
    """Audit the locked dependencies of a project by the rules in its [tool.audit]."""
    from . import checks

    with chdir(args.project):  # Paths in the lockfile and in the rules are relative to it.
        return checks.run(args.checks)


def add_options(add: Callable[..., Any]) -> None:
    """Declare the options of the command."""
    add(
        "project",
        type=Path,
        metavar="PROJECT",
        nargs="?",
        default=Path(),
        help="folder of the project (default: .)",
    )
    add(
        "checks",
        nargs="*",
        metavar="CHECK",
        help="vulnerabilities, licenses or denied (default: all)",
    )
