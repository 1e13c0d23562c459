"""Command line: a verb is a function, and a row of VERBS. It imports late, so --help is quick."""

import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from importlib.metadata import version

from . import new
from .messages import describe

VERBS = ((new.new, new.add_options),)
"""Each verb: what it does, and what declares its options; its name and docstring are its help."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a verb; give 0, 1 after a mistake or 130 after Ctrl-C. Wrong usage exits with 2."""
    args = _make_parser().parse_args(argv)
    try:
        args.verb(args)
    except KeyboardInterrupt:
        print("copier-ml: stopped", file=sys.stderr)
        return 130
    except _mistakes() as error:
        print(f"copier-ml: {describe(error)}", file=sys.stderr)
        return 1
    return 0


def _make_parser() -> ArgumentParser:
    parser = ArgumentParser("copier-ml", description=sys.modules[__package__].__doc__)
    parser.add_argument("--version", action="version", version=f"%(prog)s {version('copier-ml')}")
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    for verb, add_options in VERBS:
        row = verbs.add_parser(verb.__name__, help=verb.__doc__, description=verb.__doc__)
        row.set_defaults(verb=verb)
        add_options(row.add_argument)
    return parser


def _mistakes() -> tuple[type[BaseException], ...]:
    """Name the errors that a user can mend; anything else is ours and keeps its traceback."""
    from copier.errors import CopierError
    from jinja2 import TemplateError
    from yaml import YAMLError

    return CopierError, OSError, TemplateError, ValueError, YAMLError
