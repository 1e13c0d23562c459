"""The command ``audit``: audit the locked dependencies of a project."""

from argparse import Namespace
from contextlib import chdir

from copier_ml.shared import options


def run(args: Namespace) -> int:
    """Audit the locked dependencies of a project by the rules in its [tool.audit]."""
    from . import checks

    with chdir(args.project):  # Paths in the lockfile and in the rules are relative to it.
        return checks.run(args.checks)


def add_options(add: options.Add) -> None:
    """Declare the options of the command."""
    options.add_project(add)
    add(
        "checks",
        nargs="*",
        metavar="CHECK",
        help="vulnerabilities, licenses or denied (default: all)",
    )
