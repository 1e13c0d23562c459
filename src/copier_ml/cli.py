"""Command line: a command is a folder with ``command.py``, and a row of COMMANDS.

Only the command that runs is imported, so ``--help`` is fast.
"""

import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version

from .shared.errors import RefusalError, describe, mistakes

COMMANDS = (
    "new",
    "import-data",
    "update",
    "preview",
    "adopt",
    "doctor",
    "audit",
    "sbom",
    "image",
    "smoke",
)
"""Folders of the commands, where a hyphen is an underscore. A folder's docstring is the help of its
command; its module ``command`` has ``run(args)`` and ``add_options(add)``."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code.

    Errors of the user are 1; a refusal to change a project, and wrong usage, are 2.
    """
    arguments = sys.argv[1:] if argv is None else argv
    args = _make_parser(arguments).parse_args(arguments)
    try:
        code: int = args.run(args) or 0
        sys.stdout.flush()  # The disk of a redirected output may be full.
    except KeyboardInterrupt:
        raise  # mistakes() imports modules that Ctrl-C may have left half imported.
    except mistakes() as error:
        print(f"copier-ml: {describe(error)}", file=sys.stderr)
        return 2 if isinstance(error, RefusalError) else 1
    return code


def _make_parser(arguments: Sequence[str]) -> ArgumentParser:
    """Create the parser, with the options of the commands in the arguments."""
    parser = ArgumentParser("copier-ml", description=sys.modules[__package__].__doc__)
    parser.add_argument("--version", action="version", version=f"%(prog)s {version('copier-ml')}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name in COMMANDS:
        folder = f"{__package__}.{name.replace('-', '_')}"
        text = import_module(folder).__doc__
        row = commands.add_parser(name, help=text, description=text)
        if name in arguments:
            command = import_module(f"{folder}.command")
            command.add_options(row.add_argument)
            row.set_defaults(run=command.run)
    return parser
