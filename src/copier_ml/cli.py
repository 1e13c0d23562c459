"""Command line: a verb is a function, and a row of VERBS. It imports late, so --help is quick."""

import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from importlib.metadata import version
from io import TextIOWrapper

from . import adopt, doctor, new, preview, update
from .audit import command as audit
from .image import command as image
from .messages import RefusalError, describe, mistakes
from .sbom import command as sbom

VERBS = (
    (new.new, new.add_options),
    (update.update, update.add_options),
    (preview.preview, preview.add_options),
    (adopt.adopt, adopt.add_options),
    (doctor.doctor, doctor.add_options),
    (audit.run, audit.add_options),
    (sbom.run, sbom.add_options),
    (image.run, image.add_options),
)
"""Each verb: what it does, and what declares its options; its module and docstring are its help."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a verb; give what it gives, 0 for nothing, 1 after a mistake or 130 after Ctrl-C.

    A refusal, and wrong usage, are 2.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # A name of a file, or a changelog, may have what this terminal cannot show.
            stream.reconfigure(errors="backslashreplace")
    args = _make_parser().parse_args(argv)
    try:
        return args.verb(args) or 0
    except KeyboardInterrupt:
        print("copier-ml: stopped", file=sys.stderr)
        return 130
    except mistakes() as error:
        print(f"copier-ml: {describe(error)}", file=sys.stderr)
        return 2 if isinstance(error, RefusalError) else 1


def _make_parser() -> ArgumentParser:
    parser = ArgumentParser("copier-ml", description=sys.modules[__package__].__doc__)
    parser.add_argument("--version", action="version", version=f"%(prog)s {version('copier-ml')}")
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    for verb, add_options in VERBS:
        name = verb.__module__.split(".")[1]
        row = verbs.add_parser(name, help=verb.__doc__, description=verb.__doc__)
        row.set_defaults(verb=verb)
        add_options(row.add_argument)
    return parser
