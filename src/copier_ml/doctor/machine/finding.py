"""A finding about the machine, and the table of all findings."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

SYNC = "uv run just sync"
"""The command that installs a project."""

Verdict = Literal["ok", "note", "problem"]


@dataclass(frozen=True)
class Finding:
    """A fact and its verdict."""

    subject: str
    found: str
    verdict: Verdict = "ok"
    expected: str = ""
    remedy: str = ""

    def line(self) -> str:
        """Return the fact, the expectation and the fix."""
        expected = f", {self.expected}" if self.expected else ""
        return f"{self.found}{expected}: {self.remedy}" if self.remedy else self.found + expected


def write_table(findings: Sequence[Finding]) -> Iterator[str]:
    """Yield a row for each finding, then a line for each that is not 'ok'."""
    n_problems = sum(finding.verdict == "problem" for finding in findings)
    yield f"machine: {n_problems or 'no'} problem{'' if n_problems == 1 else 's'}\n"
    width = max(len(finding.subject) for finding in findings)
    for finding in findings:
        yield f"{finding.verdict:9}{finding.subject:{width}}  {finding.found}"
    problems = [finding for finding in findings if finding.verdict != "ok"]
    if problems:
        yield ""
    for finding in problems:
        yield f"{finding.verdict}: {finding.line()}"
