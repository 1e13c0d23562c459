"""The page of variants says what the tests' own report says."""

import json
import os
import runpy
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from xml.sax.saxutils import quoteattr

import pytest
from conftest import ROOT

SCRIPT = ROOT / "scripts" / "write_variants.py"
CASES = """\
<testsuites><testsuite>
  <testcase classname="tests.test_a" name="test_one[x]" time="61.2">{both}</testcase>
  <testcase classname="tests.containers.test_b" name="test_two" time="3">{bare}<failure/></testcase>
  <testcase classname="tests.test_a" name="test_three" time="0.1"/>
</testsuite></testsuites>
"""


def properties(steps: list[str], *answers: dict[str, str]) -> str:
    told = quoteattr(json.dumps({"steps": steps, "answers": answers}))
    return f'<properties><property name="variants" value={told}/></properties>'


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    both = properties(
        ["locked"], {"framework": "jax", "forge": "none"}, {"framework": "jax", "forge": "<b>"}
    )
    bare = properties(["locked", "imaged"], {"framework": "jax", "forge": "none"})
    (tmp_path / "all.xml").write_text(CASES.format(both=both, bare=bare), encoding="utf-8")
    return tmp_path


def write(reports: Path) -> "subprocess.CompletedProcess[str]":
    options = ["--folder", reports, "--seconds", reports / "seconds.json"]
    command = [sys.executable, SCRIPT, reports, *options]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=False)


def test_an_answer_has_the_runs_that_took_it(reports: Path) -> None:
    script = SimpleNamespace(**runpy.run_path(str(SCRIPT)))
    facts = script.tables(list(script.read(reports / "all.xml")))
    assert facts["values"] == [
        ("framework", "jax", {"locked": "1 of 2", "imaged": "0 of 1"}),
        ("forge", "none", {"locked": "1 of 2", "imaged": "0 of 1"}),
        ("forge", "<b>", {"locked": "1"}),
    ]
    assert facts["questions"] == [("`forge` and `framework`", {"locked": 2, "imaged": 1})]
    assert [run.test for run in facts["failed"]] == ["tests/containers/test_b.py::test_two"]
    assert facts["minutes"] == 1


def test_both_pages_and_the_seconds_are_written(reports: Path) -> None:
    assert write(reports).returncode == 0
    page = (reports / "variants.md").read_text(encoding="utf-8")
    assert "| `framework` | jax |  | 1 of 2 |" in page
    assert "\n\n\n" not in page
    assert json.loads((reports / "seconds.json").read_text()) == {
        "tests/containers/test_b.py::test_two": 3,
        "tests/test_a.py::test_one[x]": 61,
    }
    html = (reports / "variants.html").read_text(encoding="utf-8")
    HTMLParser().feed(html)
    assert "&lt;b&gt;" in html
    assert "<b>" not in html


def test_of_a_test_that_ran_twice_the_newer_report_counts(reports: Path) -> None:
    again = (reports / "all.xml").read_text(encoding="utf-8").replace("<failure/>", "")
    (reports / "again.xml").write_text(again, encoding="utf-8")
    for name, seconds in (("all.xml", 1), ("again.xml", 2)):
        os.utime(reports / name, (seconds, seconds))
    script = SimpleNamespace(**runpy.run_path(str(SCRIPT)))
    runs = script.read_all(reports)
    assert [run.result for run in runs] == ["passed"] * 3


def test_a_folder_without_a_report_is_refused(tmp_path: Path) -> None:
    done = write(tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith(f"no report in {tmp_path}")
    assert not list(tmp_path.iterdir())
