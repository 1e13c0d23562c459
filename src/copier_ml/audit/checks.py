"""Check what uv.lock has against the rules in ``[tool.audit]``.

The checks look for known vulnerabilities, for licenses that are not allowed, and for packages that
are denied, in all extras, groups and platforms of the lock. Each line names a package, a reason and
a remedy. Paths are those of the current folder.
"""

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from fnmatch import fnmatch
from pathlib import Path

import requests
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from copier_ml.shared.errors import printable
from copier_ml.shared.progress import say

from . import indexes, licenses, lock, rules, vulnerabilities
from .lock import Package
from .rules import Rules

PYPROJECT = Path("pyproject.toml")
Judge = Callable[[Rules, list[Package], requests.Session], list[str]]


class UnansweredError(Exception):
    """A check has no answer; the text says why, and how to go on."""

    def __init__(self, message: str, findings: list[str] | None = None) -> None:
        super().__init__(message)
        self.findings = findings or []


def run(names: list[str]) -> int:
    """Print the findings of the named checks, or of all.

    Returns:
        Exit code: 0 if nothing breaks a rule, 1 if something does, 2 if a check has no answer.
    """
    if unknown := [name for name in names if name not in CHECKS]:
        return _refuse(f"there is no check {unknown[0]!r}: name any of {', '.join(CHECKS)}")
    try:
        ours, packages = rules.read(PYPROJECT), lock.read(Path("uv.lock"))
    except (OSError, ValueError) as error:
        return _refuse(str(error))
    broken, unanswered = [], []
    with indexes.open_session(PYPROJECT) as session:
        for name in names or CHECKS:
            say(f"Checking {len(packages)} packages: {name}")
            try:
                broken += CHECKS[name](ours, packages, session)
            except UnansweredError as error:
                broken += error.findings
                unanswered.append(str(error))
    for line in [*broken, *unanswered]:
        print(f"audit: {printable(line)}", file=sys.stderr)
    if broken or unanswered:
        return 1 if broken else 2
    print(f"audit: {len(packages)} packages, none against a rule ({', '.join(names or CHECKS)})")
    return 0


def _refuse(message: str) -> int:
    print(f"audit: {printable(message)}", file=sys.stderr)
    return 2


def judge_vulnerabilities(
    ours: Rules, packages: list[Package], session: requests.Session
) -> list[str]:
    """Look for known vulnerabilities, once for all the names that one has."""
    private = indexes.private_indexes(PYPROJECT) if ours.database == rules.PUBLIC else set()
    asked = [one for one in packages if not one.folder and one.index.rstrip("/") not in private]
    if kept := len(packages) - len(asked):
        print(f"audit: {rules.PUBLIC} does not get the names of {kept} private packages")
    try:
        found = vulnerabilities.find(ours.database, asked, session)
    except (OSError, ValueError, KeyError) as error:
        raise UnansweredError(
            f"the vulnerabilities of {ours.database} cannot be read ({_brief(error)}): name a "
            "mirror, or a folder or zip of its records, in AUDIT_DATABASE or tool.audit.database"
        ) from error
    today = datetime.now(UTC).date()
    lines, reported = [], set[tuple[Package, str]]()
    for package, record in found:
        names = vulnerabilities.names(record)
        is_reported = any((package, name) in reported for name in names)
        reported |= {(package, name) for name in names}
        ended = [row.until for name, row in ours.ignored.items() if name in names]
        if is_reported or any(until >= today for until in ended):
            continue
        over = f" (ignored until {max(ended)})" if ended else ""
        lines.append(f"{package} has {record['id']}{over}, {_describe(package, record)}")
    return lines


def _describe(package: Package, record: vulnerabilities.Record) -> str:
    """Say what a vulnerability is, and what helps."""
    text = str(record.get("summary") or record.get("details") or "of which nothing is said")
    fix = vulnerabilities.fix(package, record)
    remedy = f"run 'uv lock --upgrade-package {package.name}' for {fix} or newer"
    if not fix:
        table = f"tool.audit.ignored.{record['id']}"
        remedy = f"no version fixes it yet: go without, or say in [{table}] why it does no harm"
    return f"{' '.join(text.split())[:120]}: {remedy}"


def judge_licenses(ours: Rules, packages: list[Package], session: requests.Session) -> list[str]:
    """Look for licenses that neither the list nor a row of exceptions names."""

    def ask(package: Package) -> str | Exception:
        try:
            return licenses.state(indexes.read_metadata(package, session))
        except (OSError, ValueError) as error:
            return error

    with ThreadPoolExecutor(indexes.AT_ONCE) as pool:
        answers = dict(zip(packages, pool.map(ask, packages), strict=True))
    lines = []
    for package, stated in answers.items():
        exceptions = ours.exceptions.items()
        rows = [row for name, row in exceptions if fnmatch(package.name, canonicalize_name(name))]
        allowed = [*ours.licenses, *(text for row in rows for text in row.licenses)]
        if isinstance(stated, str) and not licenses.is_allowed(stated, allowed):
            lines.append(
                f"{package} has the license {stated!r}, which is not allowed: replace it, or say "
                f"in [tool.audit.exceptions.{package.name}] why it may stay"
            )
    unread = {package: error for package, error in answers.items() if isinstance(error, Exception)}
    if unread:
        first, why = next(iter(unread.items()))
        others = f" and {len(unread) - 1} more" if len(unread) > 1 else ""
        raise UnansweredError(
            f"the license of {first}{others} cannot be read ({_brief(why)}): try again where its "
            "index can be reached, or install it first",
            lines,
        )
    return lines


def judge_denied(ours: Rules, packages: list[Package], _: requests.Session) -> list[str]:
    """Look for packages that are denied."""
    lines = []
    for text, row in ours.denied.items():
        denied = Requirement(text)
        lines += [
            f"{package} is denied, since {row.reason}: {row.remedy}"
            for package in packages
            if package.name == canonicalize_name(denied.name)
            and denied.specifier.contains(package.release, prereleases=True)
        ]
    return lines


CHECKS: dict[str, Judge] = {
    "vulnerabilities": judge_vulnerabilities,
    "licenses": judge_licenses,
    "denied": judge_denied,
}


def _brief(error: Exception) -> str:
    """Say in a few words what went wrong: of a connection's errors, the first one."""
    first: BaseException = error
    while first.__context__ and not isinstance(error, requests.HTTPError):
        first = first.__context__
    return " ".join(str(getattr(first, "strerror", None) or first).split())[:200]
