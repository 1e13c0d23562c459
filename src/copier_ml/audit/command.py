"""The command ``audit``: check the locked packages of a project against its own rules."""

from argparse import Namespace
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path
from typing import Any


def run(args: Namespace) -> int:
    """Audit the locked dependencies of a project by the rules in its [tool.audit]."""
    from . import checks

    with chdir(args.project):  # The lock and the rules have paths from there.
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
    add("checks", nargs="*", metavar="CHECK", help="vulnerabilities, licenses or denied; all")
