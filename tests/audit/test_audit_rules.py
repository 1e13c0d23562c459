"""Unit tests of what `copier-ml audit` decides: licenses, ranges of versions, its own rules."""

from email.message import Message
from pathlib import Path
from typing import Any

import pytest

from copier_ml.audit import licenses, lock, rules, vulnerabilities
from copier_ml.audit.lock import Package

ALLOWED = ["Apache-2.0", "BSD-3-Clause", "MIT", "GPL-3.0-only WITH GCC-exception-3.1"]


LOCK = """
[manifest]
members = ["a-member", "ours"]
[[package]]
name = "ours"
version = "1"
source = { editable = "." }
[[package]]
name = "usual"
version = "1"
source = { registry = "https://a.example/simple" }
wheels = [
    { url = "https://a.example/big.whl", size = 9 },
    { url = "https://a.example/b.whl", size = 1 },
]
[[package]]
name = "in-a-folder"
version = "1"
source = { registry = "wheels" }
wheels = [{ path = "c.whl" }]
[[package]]
name = "alone"
version = "1+cpu"
source = { path = "d.whl" }
wheels = [{ filename = "d.whl", hash = "sha256:0" }]
[[package]]
name = "beside"
version = "1"
source = { directory = "libs/beside" }
[[package]]
name = "edited"
version = "1"
source = { editable = "../edited" }
[[package]]
name = "a-member"
version = "1"
source = { editable = "libs/member" }
[[package]]
name = "from-git"
source = { git = "https://g.example/x?rev=1" }
"""


def test_a_lock_is_read_without_what_is_ours(tmp_path: Path) -> None:
    (tmp_path / "uv.lock").write_text(LOCK)
    usual, in_a_folder, alone, beside, edited, from_git = lock.read(tmp_path / "uv.lock")
    assert usual.wheels == ("https://a.example/b.whl", "https://a.example/big.whl")
    assert in_a_folder.wheels == ("wheels/c.whl",)
    assert (alone.wheels, alone.release) == (("d.whl",), "1")
    assert (beside.folder, edited.folder) == ("libs/beside", "../edited")
    assert (from_git.wheels, str(from_git)) == ((), "from-git 0")


def metadata(*lines: str) -> Message:
    message = Message()
    for line in lines:
        name, _, value = line.partition(": ")
        message[name] = value
    return message


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("MIT", True),
        ("mit", True),
        ("GPL-3.0-only", False),
        ("MIT OR GPL-3.0-only", True),
        ("MIT AND GPL-3.0-only", False),
        ("GPL-3.0-only AND (MIT OR Apache-2.0)", False),
        ("MIT AND (GPL-3.0-only OR Apache-2.0)", True),
        ("GPL-3.0-only OR MIT AND Apache-2.0", True),
        ("Apache-2.0 WITH LLVM-exception", True),
        ("GPL-3.0-only WITH GCC-exception-3.1", True),
        ("GPL-3.0-or-later", False),
        ("unknown", False),
        ("All mine", False),
        ("True", False),
        ("MIT) OR (MIT", False),
    ],
)
def test_an_expression_holds_with_what_is_allowed(stated: str, expected: bool) -> None:
    assert licenses.is_allowed(stated, ALLOWED) is expected


def test_a_text_that_is_no_expression_can_be_allowed_as_it_is() -> None:
    assert licenses.is_allowed("Other/Proprietary License", ["Other/Proprietary License"])
    assert licenses.is_allowed("unknown", ["unknown"])


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["License-Expression: MIT", "Classifier: License :: OSI Approved :: BSD License"], "MIT"),
        (["Classifier: License :: OSI Approved :: BSD License"], "BSD-3-Clause"),
        (["License: MIT", "Classifier: License :: Freeware"], "Freeware"),
        (["License: Apache License, Version 2.0", "Classifier: Typing :: Typed"], "Apache-2.0"),
        (["License: BSD 3-Clause License   Copyright (c) 2022, Somebody"], "BSD-3-Clause"),
        (["License: MPL-2.0 AND MIT"], "MPL-2.0 AND MIT"),
        (
            [f'License: MIT License Copyright (c) 2026 A {"x " * 99} "Commons Clause" License'],
            "MIT AND LicenseRef-Restricted",
        ),
        (
            ["License: for non-commercial use", "Classifier: License :: MIT License"],
            "MIT AND LicenseRef-Restricted",
        ),
        (["License: MIT License Copyright A. For any use, commercial or non-commercial"], "MIT"),
        (["License: UNKNOWN", "Classifier: License :: OSI Approved"], "unknown"),
        ([], "unknown"),
        (
            [
                "Classifier: License :: OSI Approved :: BSD License",
                "Classifier: License :: OSI Approved :: GNU General Public License v3 (GPLv3)",
            ],
            "BSD-3-Clause AND GPL-3.0-only",
        ),
    ],
)  # fmt: skip
def test_a_license_is_read_where_a_package_states_it(lines: list[str], expected: str) -> None:
    assert licenses.state(metadata(*lines)) == expected


def record(*events: dict[str, str], **more: Any) -> dict[str, Any]:
    package = {"ecosystem": "PyPI", "name": "Some.Thing"}
    affected = {"package": package, "ranges": [{"type": "ECOSYSTEM", "events": list(events)}]}
    return {"id": "GHSA-1", "affected": [affected | more]}


SINCE_2 = [{"introduced": "2.0"}, {"fixed": "2.3"}, {"introduced": "3.0"}]


@pytest.mark.parametrize(
    ("version", "events", "expected"),
    [
        ("1.9", SINCE_2, False),
        ("2.0", SINCE_2, True),
        ("2.3rc1", SINCE_2, True),
        ("2.3", SINCE_2, False),
        ("2.10", SINCE_2, False),
        ("3.0+cu130", SINCE_2, True),
        ("2.2", list(reversed(SINCE_2)), True),
        ("1.4", [{"introduced": "0"}, {"last_affected": "1.4"}], True),
        ("1.5", [{"introduced": "0"}, {"last_affected": "1.4"}], False),
    ],
)
def test_a_version_is_found_in_a_range(
    version: str, events: list[dict[str, str]], expected: bool
) -> None:
    package = Package("some-thing", version)
    assert vulnerabilities._is_affected(package, record(*events)) is expected
    assert not vulnerabilities._is_affected(Package("other", version), record(*events))


def test_a_version_is_found_in_a_list() -> None:
    assert vulnerabilities._is_affected(Package("some-thing", "7"), record(versions=["7"]))


def test_the_oldest_version_that_fixes_is_named() -> None:
    events = [{"introduced": "0"}, {"fixed": "1.9"}, {"fixed": "2.10"}, {"fixed": "2.9"}]
    assert vulnerabilities.fix(Package("some-thing", "2.0"), record(*events)) == "2.9"
    assert vulnerabilities.fix(Package("some-thing", "3.0"), record(*events)) == ""


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", "has no .tool.audit.: add it"),
        ("denied = {}", "tool.audit.licenses: Field required"),
        ("licenses = 'MIT'", "tool.audit.licenses: "),
        ("licenses = []\ndenied.a.reason = 'bad'", "tool.audit.denied.a.remedy: Field required"),
        (
            "licenses = []\ndenied.'a b' = {reason = 'b', remedy = 'c'}",
            "'a b' is not a requirement",
        ),
        ("licenses = []\nignored.X = {reason = 'b'}", "tool.audit.ignored.X.until: Field required"),
        ("licenses = []\nlicences = []", "tool.audit.licences: Extra inputs are not permitted"),
    ],
)
def test_a_mistake_in_the_rules_is_named_by_its_place(
    tmp_path: Path, text: str, place: str
) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[tool.audit]\n{text}\n")
    with pytest.raises(ValueError, match=place) as caught:
        rules.read(tmp_path / "pyproject.toml")
    assert "\n" not in str(caught.value)
