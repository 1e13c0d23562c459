"""`copier-ml audit` finds each kind of bad package planted in an index, and suggests a fix."""

import datetime as dt
import json
import os
import re
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import package_index
import pytest
import tomli_w
import vulnerability_service
from conftest import Render
from owner import find_copier_ml
from package_index import BASIC, KNOWN, PASSWORD, USER, Project, SmallIndex, write_wheel
from vulnerability_service import make_record

RULES: dict[str, Any] = {
    "licenses": ["Apache-2.0", "MIT"],
    "denied": {"stale-thing<2": {"reason": "it is a relic", "remedy": "require fresh-thing"}},
}
PLANTED = {
    "fine-thing": "License-Expression: GPL-3.0-only OR MIT\n",
    "copyleft-thing": "License-Expression: GPL-3.0-only\n",
    "silent-thing": "",
    "stale-thing": "License: MIT\n",
    "leaky-thing": "Classifier: License :: OSI Approved :: MIT License\n",
}
LEAK = make_record("GHSA-1", "leaky-thing", aliases=["CVE-1"])


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallIndex]:
    wheels = tmp_path_factory.mktemp("index") / "wheels"
    for name, says in PLANTED.items():
        write_wheel(wheels, name, "1.0", says=says)
    write_wheel(wheels, "fine-thing", "1.1", says=PLANTED["fine-thing"])
    with package_index.serving(wheels) as served:
        yield served


class Owner:
    """An owner with a project, an index and a vulnerability database."""

    def __init__(self, place: Path, index: SmallIndex) -> None:
        self.place, self.index = place, index
        self.database = place / "database"
        self.database.mkdir()
        self.record(make_record("GHSA-0", "another-thing"))

    def record(self, record: dict[str, Any]) -> None:
        (self.database / f"{record['id']}.json").write_text(json.dumps(record))

    def lock(
        self,
        *requires: str,
        rules: dict[str, Any] = RULES,
        sources: dict[str, Any] | None = None,
        **index: Any,
    ) -> None:
        entry = {"name": "internal", "url": f"{self.index.address}/simple", "default": True}
        table = {"index": [entry | index], "sources": sources or {}}
        self.project = Project(self.place, table, *requires)
        done = self.project.uv("lock", **KNOWN)
        assert done.returncode == 0, done.stderr
        with (self.project.folder / "pyproject.toml").open("a") as file:
            file.write(tomli_w.dumps({"tool": {"audit": rules}}))

    def audit(self, *checks: str, expect: int = 0, **variables: str) -> str:
        known = {"PATH": os.environ["PATH"], "HOME": str(self.place)}
        known |= {"AUDIT_DATABASE": str(self.database)}
        done = subprocess.run(
            [find_copier_ml(), "audit", ".", *checks],
            cwd=self.project.folder,
            env=known | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == expect, done.stdout
        assert "Traceback" not in done.stdout
        return done.stdout


@pytest.fixture
def owner(tmp_path: Path, index: SmallIndex) -> Iterator[Owner]:
    yield Owner(tmp_path, index)
    index.status, index.anonymous_status, index.has_parts = 200, 200, True


def test_a_good_lock_passes(owner: Owner) -> None:
    owner.lock("fine-thing", "leaky-thing")
    told = owner.audit()
    assert told == "audit: 2 packages passed (vulnerabilities, licenses, denied)\n"


def test_every_kind_of_bad_package_has_a_line_of_its_own(owner: Owner) -> None:
    owner.record(LEAK)
    owner.lock(*PLANTED)
    assert owner.audit(expect=1).splitlines() == [
        (
            "audit: leaky-thing 1.0 has GHSA-1, It leaks all: "
            "run 'uv lock --upgrade-package leaky-thing' for 2.0 or newer"
        ),
        (
            "audit: copyleft-thing 1.0 has the license 'GPL-3.0-only', which is not allowed: "
            "replace it, or give a reason in [tool.audit.exceptions.copyleft-thing]"
        ),
        (
            "audit: silent-thing 1.0 has the license 'unknown', which is not allowed: "
            "replace it, or give a reason in [tool.audit.exceptions.silent-thing]"
        ),
        "audit: stale-thing 1.0 is denied (it is a relic): require fresh-thing",
    ]


def test_one_check_can_be_asked_for(owner: Owner) -> None:
    owner.lock(*PLANTED)
    assert owner.audit("denied", expect=1).count("\n") == 1
    assert owner.audit("vulnerabilities").endswith("passed (vulnerabilities)\n")
    assert "no check 'licences': choose from vuln" in owner.audit("licences", expect=2)


def test_an_exception_is_for_the_license_that_it_names(owner: Owner) -> None:
    row = {"licenses": ["GPL-3.0-only"], "reason": "It is a tool."}
    owner.lock("copyleft-thing", "silent-thing", rules=RULES | {"exceptions": {"*_Thing": row}})
    (line,) = owner.audit("licenses", expect=1).splitlines()
    assert line.startswith("audit: silent-thing 1.0 has the license 'unknown'")


def test_a_denied_version_is_no_denied_package(owner: Owner) -> None:
    rules = RULES | {"denied": {"Fine_Thing>=1.1": {"reason": "it broke", "remedy": "take 1.0"}}}
    owner.lock("fine-thing<1.1", rules=rules)
    owner.audit("denied")
    pyproject = owner.project.folder / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace("fine-thing<1.1", "fine-thing"))
    assert owner.project.uv("lock", "--upgrade").returncode == 0
    told = owner.audit("denied", expect=1)
    assert told == "audit: fine-thing 1.1 is denied (it broke): take 1.0\n"


@pytest.mark.parametrize(("until", "expect"), [("2999-01-01", 0), ("2026-01-01", 1)])
def test_a_vulnerability_is_ignored_until_a_day(owner: Owner, until: str, expect: int) -> None:
    owner.record(LEAK)
    row = {"reason": "We never call it.", "until": dt.date.fromisoformat(until)}
    owner.lock("leaky-thing", rules=RULES | {"ignored": {"CVE-1": row}})
    told = owner.audit("vulnerabilities", expect=expect)
    assert expect == 0 or "has GHSA-1 (ignored until 2026-01-01), It leaks all" in told


def test_a_vulnerability_without_a_fix_says_so(owner: Owner) -> None:
    owner.record(make_record("GHSA-2", "leaky-thing", fixed="0.5") | LEAK | {"id": "GHSA-2"})
    endless = make_record("GHSA-3", "leaky-thing")
    endless["affected"][0]["ranges"][0]["events"] = [{"introduced": "0"}]
    owner.record(endless)
    owner.lock("leaky-thing")
    *_, line = owner.audit("vulnerabilities", expect=1).splitlines()
    assert line.endswith(
        "has GHSA-3, It leaks all: no version fixes it yet: remove the package, or "
        "give a reason in [tool.audit.ignored.GHSA-3]"
    )


def test_a_vulnerability_with_two_names_is_told_once(owner: Owner) -> None:
    owner.record(LEAK)
    owner.record(make_record("PYSEC-1", "leaky-thing", aliases=["CVE-1"]))
    owner.record(make_record("GHSA-9", "leaky-thing", withdrawn="2026-01-01T00:00:00Z"))
    owner.lock("leaky-thing")
    assert owner.audit("vulnerabilities", expect=1).count("\n") == 1


def test_the_database_may_be_a_zip_file(owner: Owner) -> None:
    with zipfile.ZipFile(owner.place / "all.zip", "w") as archive:
        archive.writestr("GHSA-1.json", json.dumps(LEAK))
    owner.lock("leaky-thing")
    database = str(owner.place / "all.zip")
    assert "has GHSA-1" in owner.audit("vulnerabilities", expect=1, AUDIT_DATABASE=database)


def test_the_database_may_be_a_service(owner: Owner) -> None:
    owner.lock("leaky-thing", "fine-thing")
    with vulnerability_service.serving(LEAK) as service:
        told = owner.audit("vulnerabilities", expect=1, AUDIT_DATABASE=f"{service.address}/")
        assert told.startswith("audit: leaky-thing 1.0 has GHSA-1, It leaks all: run 'uv lock")
        assert sorted(service.asked) == ["fine-thing 1.1", "leaky-thing 1.0"]
        service.records.append(make_record("GHSA-2", "leaky-thing"))
        told = owner.audit("vulnerabilities", expect=1, AUDIT_DATABASE=service.address)
        assert [line.split()[4] for line in told.splitlines()] == ["GHSA-1,", "GHSA-2,"]
        service.status = 403
        told = owner.audit("vulnerabilities", expect=2, AUDIT_DATABASE=service.address)
        assert "(403 Client Error" in told


@pytest.mark.parametrize("database", ["http://127.0.0.1:9", "nowhere", "empty", "text.zip"])
def test_a_database_that_does_not_answer_is_no_pass(owner: Owner, database: str) -> None:
    owner.lock("fine-thing")
    (owner.project.folder / "empty").mkdir()
    (owner.project.folder / "text.zip").write_text("no archive")
    told = owner.audit(expect=2, AUDIT_DATABASE=database)
    assert told.count("\n") == 1
    assert told.startswith(f"audit: cannot read vulnerabilities from {database} (")
    assert "AUDIT_DATABASE" in told


def test_the_public_service_learns_no_name_of_a_private_package(owner: Owner) -> None:
    owner.lock("fine-thing", default=False)
    # Where anything is asked, the answer is an error.
    nowhere = {"AUDIT_DATABASE": "https://api.osv.dev", "HTTPS_PROXY": "http://127.0.0.1:9"}
    told = owner.audit("vulnerabilities", **nowhere)
    assert "1 private packages are not sent to https://api.osv.dev" in told


@pytest.mark.parametrize("way", ["variables", "netrc"])
def test_licenses_are_read_with_the_password_of_the_index(owner: Owner, way: str) -> None:
    owner.index.anonymous_status = 401
    owner.lock("copyleft-thing", authenticate="always")
    (owner.place / "netrc").write_text(f"machine 127.0.0.1 login {USER} password {PASSWORD}\n")
    login = KNOWN if way == "variables" else {"NETRC": str(owner.place / "netrc")}
    told = owner.audit("licenses", expect=1, **login)
    assert "copyleft-thing 1.0 has the license 'GPL-3.0-only'" in told
    assert PASSWORD not in told
    assert BASIC not in told
    told = owner.audit("licenses", expect=2)
    assert "cannot read the license of copyleft-thing 1.0 (401 Client Error" in told


def test_a_license_that_cannot_be_read_is_no_pass(owner: Owner) -> None:
    owner.lock("copyleft-thing", "fine-thing")
    owner.index.has_parts = False
    (line,) = owner.audit("licenses", expect=2).splitlines()
    assert line.startswith("audit: cannot read the license of copyleft-thing 1.0 and 1 more (")
    assert line.endswith("run the audit with access to the index, or install the package first")


def test_metadata_beside_a_wheel_are_enough(owner: Owner) -> None:
    owner.lock("fine-thing")
    owner.index.has_parts = False
    beside = owner.index.folder / "fine_thing-1.1-py3-none-any.whl.metadata"
    beside.write_text("Metadata-Version: 2.4\nName: fine-thing\nLicense: Apache 2.0\n")
    try:
        owner.audit("licenses")
    finally:
        beside.unlink()


def test_what_the_project_has_installed_is_not_asked_for(owner: Owner) -> None:
    owner.lock("copyleft-thing")
    place = owner.project.folder / ".venv/lib/python3.12/site-packages/a.dist-info"
    place.mkdir(parents=True)
    says = "Metadata-Version: 2.4\nName: Copyleft_Thing\nVersion: 1.0\nLicense-Expression: MIT\n"
    (place / "METADATA").write_text(says)
    owner.index.has_parts = False
    owner.audit("licenses")


def test_what_is_outdated_is_listed(owner: Owner, render: Render) -> None:
    justfile = (render({}) / "justfile").read_text(encoding="utf-8")
    recipe = re.search(r"^outdated:\n((?: {4}@.*\n)+)", justfile, re.M)
    assert recipe
    script = "set -e\n" + recipe[1].replace("    @", "")

    def ask(expect: int = 0) -> str:
        owner.project.within = ["sh", "-c", f'uv() {{ "$0" "$@"; }}\n{script}']
        done = owner.project.uv()
        owner.project.within = []
        assert done.returncode == expect, done.stderr
        return done.stdout + done.stderr

    owner.lock("fine-thing<1.1", "leaky-thing")
    assert "── fine-thing v1.0 (latest: v1.1)\nChanged by 'uv lock" in ask()
    pyproject = owner.project.folder / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace("<1.1", ""))
    assert owner.project.uv("lock").returncode == 0
    assert "Update fine-thing v1.0 -> v1.1" in ask()
    assert owner.project.uv("lock", "--upgrade").returncode == 0
    told = ask()
    assert "Required by pyproject.toml:\nall up to date\n" in told
    assert "No lockfile changes detected" in told
    owner.index.status = 503
    assert "up to date" not in ask(expect=2)


def test_missing_rules_and_a_missing_lock_are_named(owner: Owner) -> None:
    owner.lock("fine-thing", rules={})
    assert "pyproject.toml has no [tool.audit]: add it, with" in owner.audit(expect=2)
    owner.place = owner.place / "second"
    owner.lock("fine-thing")
    (owner.project.folder / "uv.lock").unlink()
    assert owner.audit(expect=2) == "audit: there is no uv.lock: run 'uv lock'\n"


def test_a_package_of_a_folder_is_checked_and_the_project_is_not(owner: Owner) -> None:
    for name, license_ in (("stale-thing", "MIT"), ("beside", "GPL-3.0-only")):
        (owner.place / name).mkdir()
        project = {"name": name, "version": "1.0", "license": license_}
        build = {"requires": ["uv_build"], "build-backend": "uv_build"}
        table = {"project": project, "build-system": build}
        (owner.place / name / "pyproject.toml").write_text(tomli_w.dumps(table))
    sources = {name: {"path": f"../{name}"} for name in ("stale-thing", "beside")}
    owner.lock("stale-thing", "beside", sources=sources)
    told = owner.audit("denied", "licenses", expect=1).splitlines()
    assert told[0] == "audit: stale-thing 1.0 is denied (it is a relic): require fresh-thing"
    assert told[1].startswith("audit: beside 1.0 has the license 'GPL-3.0-only'")
    assert len(told) == 2
