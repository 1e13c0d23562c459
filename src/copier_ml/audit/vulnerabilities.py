"""Find locked packages with known vulnerabilities in a database.

Records follow https://ossf.github.io/osv-schema/. The database is a service that finds the records
of a version, or a folder or zip file of all records.
"""

import json
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import requests
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from .lock import Package

AT_ONCE = 500
"""Packages per request; the service allows 1,000."""
TIMEOUT_S = 60.0

Record = dict[str, Any]
Found = list[tuple[Package, Record]]


def find(database: str, packages: list[Package], session: requests.Session) -> Found:
    """List the records of vulnerable packages, sorted by name.

    Raises:
        ValueError: The database is invalid.
        OSError: It is not reachable; includes the errors of requests.
    """
    if database.startswith(("http://", "https://")):
        found = _ask(database.rstrip("/"), packages, session)
    else:
        found = _search(Path(database), packages)
    valid = [(package, record) for package, record in found if not record.get("withdrawn")]
    return sorted(valid, key=lambda pair: (pair[0].name, pair[0].version, pair[1]["id"]))


def names(record: Record) -> set[str]:
    """Return all identifiers of a vulnerability."""
    return {record["id"], *record.get("aliases", [])}


def fix(package: Package, record: Record) -> str:
    """Return the oldest newer version with the fix; empty if there is none."""
    here = Version(package.version)
    fixes = [
        Version(event["fixed"])
        for affected in _affected(package, record)
        for one_range in affected.get("ranges", [])
        for event in one_range.get("events", [])
        if one_range.get("type") != "GIT" and "fixed" in event
    ]
    return str(min((version for version in fixes if version > here), default=""))


def _ask(service: str, packages: list[Package], session: requests.Session) -> Found:
    """Query a service for the identifiers of each package, then for their records."""
    hits: list[tuple[Package, str]] = []
    pending = [(package, _query(package)) for package in packages]
    while pending:
        some, pending = pending[:AT_ONCE], pending[AT_ONCE:]
        questions = {"queries": [query for _, query in some]}
        answer = session.post(f"{service}/v1/querybatch", json=questions, timeout=TIMEOUT_S)
        answer.raise_for_status()
        results = answer.json().get("results", [])
        if len(results) != len(some):
            raise ValueError(f"it answered {len(results)} of {len(some)} queries")
        for (package, query), result in zip(some, results, strict=True):
            hits += [(package, one["id"]) for one in result.get("vulns", [])]
            if token := result.get("next_page_token"):  # Further pages.
                pending.append((package, query | {"page_token": token}))

    def fetch(identifier: str) -> Record:
        answer = session.get(f"{service}/v1/vulns/{identifier}", timeout=TIMEOUT_S)
        answer.raise_for_status()
        record: Record = answer.json()
        return record

    identifiers = sorted({identifier for _, identifier in hits})
    with ThreadPoolExecutor(8) as pool:
        records = dict(zip(identifiers, pool.map(fetch, identifiers), strict=True))
    return [(package, records[identifier]) for package, identifier in hits]


def _query(package: Package) -> Record:
    return {"package": {"ecosystem": "PyPI", "name": package.name}, "version": package.release}


def _search(place: Path, packages: list[Package]) -> Found:
    by_name: dict[str, list[Package]] = {}
    for package in packages:
        by_name.setdefault(package.name, []).append(package)
    n_records, found = 0, []
    for record in _records(place):
        n_records += 1
        concerned = {canonicalize_name(one["package"]["name"]) for one in _of_python(record)}
        candidates = (package for name in concerned for package in by_name.get(name, []))
        found += [(package, record) for package in candidates if _is_affected(package, record)]
    if not n_records:
        raise ValueError("it has no records (*.json files)")
    return found


def _records(place: Path) -> Iterator[Record]:
    """Read every record of a folder, or of a zip file."""
    if place.is_dir():
        for path in sorted(place.rglob("*.json")):
            yield json.loads(path.read_bytes())
        return
    with _open(place) as archive:
        for name in archive.namelist():
            if name.endswith(".json"):
                yield json.loads(archive.read(name))


def _open(place: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(place)
    except zipfile.BadZipFile:
        raise ValueError("it is not a folder or a zip file") from None


def _of_python(record: Record) -> list[Record]:
    affected: list[Record] = record.get("affected", [])
    return [one for one in affected if one.get("package", {}).get("ecosystem") == "PyPI"]


def _affected(package: Package, record: Record) -> list[Record]:
    """Return the part of a record about a package."""
    concerned = _of_python(record)
    return [one for one in concerned if canonicalize_name(one["package"]["name"]) == package.name]


def _is_affected(package: Package, record: Record) -> bool:
    return any(
        package.release in affected.get("versions", [])
        or any(_is_within(Version(package.release), one) for one in affected.get("ranges", []))
        for affected in _affected(package, record)
    )


def _is_within(version: Version, one_range: Record) -> bool:
    """Evaluate the events of a range up to the version, as the schema specifies."""
    if one_range.get("type") == "GIT":
        return False
    is_hit = False
    for event in sorted(one_range.get("events", []), key=_order):
        (kind, text), *_ = event.items()
        at = _version(text)
        if (kind == "introduced" and version >= at) or (kind == "fixed" and version >= at):
            is_hit = kind == "introduced"
        elif kind == "last_affected" and version > at:
            is_hit = False
    return is_hit


def _order(event: dict[str, str]) -> tuple[Version, bool]:
    (kind, text), *_ = event.items()
    return _version(text), kind != "introduced"


def _version(text: str) -> Version:
    try:
        return Version(text)
    except InvalidVersion:
        return Version("0")  # Versions of another scheme: prefer false positives.
