"""Jobs of the forge: every test is in one, and they take about the same time."""

import json
import runpy
import subprocess
import sys
from types import SimpleNamespace

import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st

PATH = ROOT / "scripts" / "share_out.py"
script = SimpleNamespace(**runpy.run_path(str(PATH)))
SECONDS = st.floats(0, 1000)


def test_a_file_stays_whole_unless_it_takes_too_long() -> None:
    seconds = {"a.py::one": 40.0, "a.py::two": 50.0, "b.py::one": 3.0, "b.py::two[x y]": 4.0}
    assert script.units(seconds, 60) == [("a.py::one", 40.0), ("a.py::two", 50.0), ("b.py", 7.0)]


@given(st.dictionaries(st.text("abc", min_size=1), SECONDS), st.floats(1, 1000))
def test_every_unit_is_in_one_job_and_none_is_much_longer(
    taken: dict[str, float], limit_s: float
) -> None:
    jobs = [job["tests"].split("\n") for job in script.share(list(taken.items()), limit_s)]
    assert sorted(name for names in jobs for name in names) == sorted(taken)
    longest = max(taken.values(), default=0)
    assert all(sum(taken[name] for name in names) <= limit_s + longest + 1e-6 for names in jobs)


def test_a_job_is_called_after_what_takes_longest() -> None:
    jobs = script.share([("tests/test_a.py::test_b[c]", 90.0), ("tests/test_d.py", 10.0)], 100)
    assert jobs == [
        {"name": "1 of 1, b[c]", "tests": "tests/test_a.py::test_b[c]\ntests/test_d.py"}
    ]


def share_out(*options: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, PATH, *options]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=False)


def test_the_jobs_have_the_tests_that_pytest_collects() -> None:
    done = share_out("--minutes", "1000", "--", "tests/project/test_golden.py", "-m", "slow")
    (job,) = json.loads(done.stdout)
    assert job["tests"] == "tests/project/test_golden.py"


@pytest.mark.parametrize(
    ("options", "code", "reason"),
    [
        (["--minutes", "0"], 2, "--minutes 0: a job takes more than 0 minutes"),
        (["--", "tests/test_no_such.py"], 1, "tests/test_no_such.py"),
    ],
)
def test_a_mistake_is_named(options: list[str], code: int, reason: str) -> None:
    done = share_out(*options)
    assert done.returncode == code
    assert reason in done.stderr
