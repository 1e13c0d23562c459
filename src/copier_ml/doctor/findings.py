"""The report of ``doctor`` as data, as text and as JSON."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field

from copier_ml.shared.errors import printable

from .machine import finding as of_machine

SHOWN = 20
"""Maximum number of names in a line of text; JSON has all."""


@dataclass(frozen=True)
class Finding:
    """A problem of the project for updates, or a leftover of one."""

    subject: str
    """The file, branch or address."""

    found: str
    expected: str
    remedy: str


@dataclass
class Report:
    """The diagnosis of a project. Paths are relative to its folder."""

    project: str
    version: str = ""
    """The project's template version; empty if unknown."""

    newest: str = ""
    """Newest release of the template; empty if unknown."""

    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """Information that needs no fix."""

    edited: list[str] = field(default_factory=list)
    """Files of the template that the owner edited."""

    owned: list[str] = field(default_factory=list)
    """Files that existed before the template, which has files of the same names."""

    deleted: list[str] = field(default_factory=list)
    """Files of the template that the project lacks."""

    renamed: dict[str, str] = field(default_factory=dict)
    """Files of the template that the owner renamed, with the new name."""

    extra: list[str] = field(default_factory=list)
    """Files that the owner added."""

    machine: list[of_machine.Finding] = field(default_factory=list)
    """Findings about the machine."""

    @property
    def has_problem(self) -> bool:
        """Whether anything needs a fix."""
        return bool(self.findings) or any(it.verdict == "problem" for it in self.machine)

    def add(self, subject: str, found: str, expected: str, remedy: str) -> None:
        """Add a finding."""
        self.findings.append(Finding(subject, found, expected, remedy))


def as_json(report: Report) -> str:
    """Return the result as JSON."""
    return json.dumps(asdict(report), indent=2)


def as_text(report: Report) -> str:
    """Return the report as text."""
    return printable("\n".join(_write(report)))


def _write(report: Report) -> Iterator[str]:
    count = len(report.findings)
    counted = "1 finding" if count == 1 else f"{count or 'no'} findings"
    yield f"{report.project}: {counted}" + (
        f" (template {report.version})" if report.version else ""
    )
    for finding in report.findings:
        yield f"\n- {finding.subject}: {finding.found}"
        yield f"  expected: {finding.expected}"
        yield f"  fix: {finding.remedy}"
    if lines := [*report.notes, *_list_drift(report)]:
        yield "\nNotes:\n"
        yield from (f"- {line}" for line in lines)
    if report.machine:
        yield ""
        yield from of_machine.write_table(report.machine)


def _list_drift(report: Report) -> Iterator[str]:
    renamed = [f"{old} (now {new})" for old, new in report.renamed.items()]
    for names, what in (
        (report.edited, "of the template edited"),
        (report.owned, "of yours kept instead of the template's"),
        (report.deleted, "of the template missing"),
        (renamed, "of the template renamed"),
    ):
        if names:
            yield f"{_count(names)} {what}: {_name(names)}"
    if report.extra:
        yield f"{_count(report.extra)} added by you"


def _count(names: list[str]) -> str:
    return "1 file" if len(names) == 1 else f"{len(names)} files"


def _name(names: Iterable[str]) -> str:
    first, rest = list(names)[:SHOWN], list(names)[SHOWN:]
    return ", ".join(first) + (f" and {len(rest)} more (--json names them)" if rest else "")
