"""The command ``doctor``: diagnose a project, its template and the machine."""

from argparse import Namespace

from copier_ml.shared import options, project
from copier_ml.shared.errors import refusing
from copier_ml.shared.progress import say

from . import answers, findings, machine, repository, template


def run(args: Namespace) -> int:
    """Diagnose a project, its template and this machine, without changing anything."""
    with refusing():
        found = project.locate(args.project)
        report = findings.Report(found.name)
        if known := answers.read(found, report):
            report.version = known.commit
            say("Comparing the project with its template")
            template.examine(known, report, is_trusted=args.trust)
        repository.look(found, report)
        say("Checking this machine")
        report.machine = machine.examine(found.folder, is_trusted=args.trust)
    print(findings.as_json(report) if args.json else findings.as_text(report))
    return 1 if report.has_problem else 0


def add_options(add: options.Add) -> None:
    """Declare the options."""
    options.add_project(add)
    add("--json", action="store_true", help="print JSON")
    text = "allow the project and a third-party template to run code"
    options.add_trust(add, text)
