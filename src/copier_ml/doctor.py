"""The verb ``doctor``: what is wrong with a project and its template, and what helps."""

from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import examining, findings, leftovers, project, records, trust
from .messages import refusing


def doctor(args: Namespace) -> int:
    """Say what is wrong between a project and its template, without touching either."""
    with refusing():
        found = project.locate(args.project)
        report = findings.Report(found.name)
        if known := records.read(found, report):
            report.version = known.commit
            is_trusted = args.trust or trust.is_trusted(known.source)
            examining.examine(known, report, is_trusted=is_trusted)
        leftovers.look(found, report)
    print(findings.as_json(report) if args.json else findings.as_text(report))
    return 1 if report.findings else 0


def add_options(add: Callable[..., Any]) -> None:
    """Declare the options of the verb."""
    add("project", type=Path, metavar="PROJECT", nargs="?", default=Path(), help="its folder; here")
    add("--json", action="store_true", help="write JSON")
    add(
        "--trust",
        action="store_true",
        help="run code of a template that is not the one that copier-ml came from",
    )
