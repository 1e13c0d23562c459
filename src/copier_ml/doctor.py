"""The command ``doctor``: what is wrong with a project, its template and the machine."""

from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import examining, findings, leftovers, machine, project, records, trust
from .messages import refusing


def doctor(args: Namespace) -> int:
    """Check a project against its template and its machine, and change nothing."""
    with refusing():
        found = project.locate(args.project)
        report = findings.Report(found.name)
        if known := records.read(found, report):
            report.version = known.commit
            is_trusted = args.trust or trust.is_trusted(known.source)
            examining.examine(known, report, is_trusted=is_trusted)
        leftovers.look(found, report)
        report.machine = machine.examine(found.folder, is_trusted=args.trust)
    print(findings.as_json(report) if args.json else findings.as_text(report))
    return 1 if report.has_problem else 0


def add_options(add: Callable[..., Any]) -> None:
    """Declare the options of the verb."""
    add("project", type=Path, metavar="PROJECT", nargs="?", default=Path(), help="its folder; here")
    add("--json", action="store_true", help="write JSON")
    add(
        "--trust",
        action="store_true",
        help="run code of the project, and of a template that copier-ml did not come from",
    )
