"""The command ``preview``: what an update would do, without doing it."""

from argparse import Namespace

from copier_ml.shared import options, project
from copier_ml.shared.errors import refusing
from copier_ml.update import trial
from copier_ml.update.command import add_common_options, read_wish
from copier_ml.update.outcome import as_json, as_text


def run(args: Namespace) -> None:
    """Say what an update would bring to a project, without touching it."""
    with refusing():
        found = project.find(args.project)
        with trial.tried(found, read_wish(args)) as tried:
            write = as_json if args.json else as_text
            print(write(tried.outcome))


def add_options(add: options.Add) -> None:
    """Declare the options."""
    add_common_options(add)
    options.add_trust(add)
    add("--json", action="store_true", help="write JSON")
