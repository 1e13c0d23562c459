"""The command ``preview``: show what an update would change."""

import shlex
from argparse import Namespace
from pathlib import Path

from copier_ml.shared import options, project
from copier_ml.shared.errors import refusing
from copier_ml.update import trial
from copier_ml.update.command import add_common_options, read_wish
from copier_ml.update.outcome import as_json, as_text


def run(args: Namespace) -> None:
    """Show what an update would change, without changing anything."""
    with refusing():
        found = project.find(args.project)
        with trial.tried(found, read_wish(args)) as tried:
            outcome = tried.outcome
            print(as_json(outcome) if args.json else as_text(outcome))
            has_next = not (args.json or outcome.is_nothing or outcome.is_refused)
            if has_next and not outcome.needs_trust:
                place = "" if args.project == Path() else f" {shlex.quote(str(args.project))}"
                print(f"\nNext: copier-ml update{place}")


def add_options(add: options.Add) -> None:
    """Declare the options."""
    add_common_options(add)
    options.add_trust(add)
    add("--json", action="store_true", help="print JSON")
