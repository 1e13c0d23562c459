"""Check the packages in uv.lock against the rules in ``[tool.audit]``.

The checks find known vulnerabilities, licenses that are not allowed, and denied packages, in all
extras, groups and platforms of the lockfile. Each finding names a package, a reason and a fix.
Paths are relative to the current folder.
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
Check = Callable[[Rules, list[Package], requests.Session], list[str]]


class UnansweredError(Exception):
    """A check could not run; the text has the reason and the fix."""

    def __init__(self, message: str, findings: list[str] | None = None) -> None:
        super().__init__(message)
        self.findings = findings or []


def run(names: list[str]) -> int:
    """Print the findings of the named checks, or of all.

    Returns:
        Exit code: 0 if all checks passed, 1 if a rule was violated, 2 if a check could not run.
    """
    if unknown := [name for name in names if name not in CHECKS]:
        return _refuse(f"there is no check {unknown[0]!r}: choose from {', '.join(CHECKS)}")
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
    print(f"audit: {len(packages)} packages passed ({', '.join(names or CHECKS)})")
    return 0


def _refuse(message: str) -> int:
    print(f"audit: {printable(message)}", file=sys.stderr)
    return 2


def check_vulnerabilities(
    ours: Rules, packages: list[Package], session: requests.Session
) -> list[str]:
    """Find known vulnerabilities; aliases are reported once."""
    private = indexes.private_indexes(PYPROJECT) if ours.database == rules.PUBLIC else set()
    asked = [one for one in packages if not one.folder and one.index.rstrip("/") not in private]
    if kept := len(packages) - len(asked):
        print(f"audit: {kept} private packages are not sent to {rules.PUBLIC}")
    try:
        found = vulnerabilities.find(ours.database, asked, session)
    except (OSError, ValueError, KeyError) as error:
        raise UnansweredError(
            f"cannot read vulnerabilities from {ours.database} ({_brief(error)}): set a mirror, or "
            "a folder or zip file of records, in AUDIT_DATABASE or tool.audit.database"
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
    """Return the summary of a vulnerability and its fix."""
    text = str(record.get("summary") or record.get("details") or "no summary")
    fix = vulnerabilities.fix(package, record)
    remedy = f"run 'uv lock --upgrade-package {package.name}' for {fix} or newer"
    if not fix:
        table = f"tool.audit.ignored.{record['id']}"
        remedy = f"no version fixes it yet: remove the package, or give a reason in [{table}]"
    return f"{' '.join(text.split())[:120]}: {remedy}"


def check_licenses(ours: Rules, packages: list[Package], session: requests.Session) -> list[str]:
    """Find licenses that neither the list nor an exception allows."""

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
                f"{package} has the license {stated!r}, which is not allowed: replace it, or give "
                f"a reason in [tool.audit.exceptions.{package.name}]"
            )
    unread = {package: error for package, error in answers.items() if isinstance(error, Exception)}
    if unread:
        first, why = next(iter(unread.items()))
        others = f" and {len(unread) - 1} more" if len(unread) > 1 else ""
        raise UnansweredError(
            f"cannot read the license of {first}{others} ({_brief(why)}): run the audit with "
            "access to the index, or install the package first",
            lines,
        )
    return lines


def check_denied(ours: Rules, packages: list[Package], _: requests.Session) -> list[str]:
    """Find denied packages."""
    lines = []
    for text, row in ours.denied.items():
        denied = Requirement(text)
        lines += [
            f"{package} is denied ({row.reason}): {row.remedy}"
            for package in packages
            if package.name == canonicalize_name(denied.name)
            and denied.specifier.contains(package.release, prereleases=True)
        ]
    return lines


CHECKS: dict[str, Check] = {
    "vulnerabilities": check_vulnerabilities,
    "licenses": check_licenses,
    "denied": check_denied,
}


def _brief(error: Exception) -> str:
    """Return the root cause of an error in a few words."""
    first: BaseException = error
    while first.__context__ and not isinstance(error, requests.HTTPError):
        first = first.__context__
    return " ".join(str(getattr(first, "strerror", None) or first).split())[:200]
