"""What is wrong with a project, as data, as text and as JSON."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field

from copier_ml.shared.errors import printable

from .machine import finding as of_machine

SHOWN = 20
"""Names that a line of text has at most; JSON has them all."""


@dataclass(frozen=True)
class Finding:
    """Something that an update will stumble over, or has left behind."""

    subject: str
    """File, branch or address that it is about."""

    found: str
    expected: str
    remedy: str


@dataclass
class Report:
    """All that is known of a project. Paths count from its folder."""

    project: str
    version: str = ""
    """Version of the template that the project has; empty if that is unknown."""

    newest: str = ""
    """Newest release of the template; empty if that is unknown."""

    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What is good to know and wrong in no way."""

    edited: list[str] = field(default_factory=list)
    """Files of the template that the owner changed."""

    owned: list[str] = field(default_factory=list)
    """Files that the owner had before the template, which has others of these names."""

    deleted: list[str] = field(default_factory=list)
    """Files of the template that the project does not have: deleted, or never taken."""

    renamed: dict[str, str] = field(default_factory=dict)
    """Files of the template that the owner gave another name, with that name."""

    extra: list[str] = field(default_factory=list)
    """Files that the owner added."""

    machine: list[of_machine.Finding] = field(default_factory=list)
    """What was found on the machine."""

    @property
    def has_problem(self) -> bool:
        """Whether anything has to be fixed."""
        return bool(self.findings) or any(it.verdict == "problem" for it in self.machine)

    def add(self, subject: str, found: str, expected: str, remedy: str) -> None:
        """Note a finding."""
        self.findings.append(Finding(subject, found, expected, remedy))


def as_json(report: Report) -> str:
    """Return the result as JSON."""
    return json.dumps(asdict(report), indent=2)


def as_text(report: Report) -> str:
    """Write all that is known, for a person."""
    return printable("\n".join(_write(report)))


def _write(report: Report) -> Iterator[str]:
    count = len(report.findings)
    counted = "1 finding" if count == 1 else f"{count or 'no'} findings"
    yield f"{report.project}: {counted}" + (
        f"; it has the template's {report.version}" if report.version else ""
    )
    for finding in report.findings:
        yield f"\n- {finding.subject}: {finding.found}"
        yield f"  expected: {finding.expected}"
        yield f"  remedy: {finding.remedy}"
    if lines := [*report.notes, *_tell_drift(report)]:
        yield "\nGood to know:\n"
        yield from (f"- {line}" for line in lines)
    if report.machine:
        yield ""
        yield from of_machine.write_table(report.machine)


def _tell_drift(report: Report) -> Iterator[str]:
    renamed = [f"{old} (now {new})" for old, new in report.renamed.items()]
    for names, what in (
        (report.edited, "of the template edited"),
        (report.owned, "of yours where the template has others, kept at the adoption"),
        (report.deleted, "of the template not in the project"),
        (renamed, "of the template renamed"),
    ):
        if names:
            yield f"{_count(names)} {what}: {_name(names)}"
    if report.extra:
        yield f"{_count(report.extra)} of your own"


def _count(names: list[str]) -> str:
    return "1 file" if len(names) == 1 else f"{len(names)} files"


def _name(names: Iterable[str]) -> str:
    first, rest = list(names)[:SHOWN], list(names)[SHOWN:]
    return ", ".join(first) + (f" and {len(rest)} more (--json names them)" if rest else "")
