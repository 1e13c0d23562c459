"""The command ``doctor``: what is wrong with a project, its template and the machine."""

from argparse import Namespace

from copier_ml.shared import options, project
from copier_ml.shared.errors import refusing

from . import answers, findings, machine, repository, template


def run(args: Namespace) -> int:
    """Check a project against its template and its machine, and change nothing."""
    with refusing():
        found = project.locate(args.project)
        report = findings.Report(found.name)
        if known := answers.read(found, report):
            report.version = known.commit
            template.examine(known, report, is_trusted=args.trust)
        repository.look(found, report)
        report.machine = machine.examine(found.folder, is_trusted=args.trust)
    print(findings.as_json(report) if args.json else findings.as_text(report))
    return 1 if report.has_problem else 0


def add_options(add: options.Add) -> None:
    """Declare the options."""
    options.add_project(add)
    add("--json", action="store_true", help="write JSON")
    text = "run code of the project, and of a template that copier-ml did not come from"
    options.add_trust(add, text)
