"""Share the tests out to jobs of the forge that take about the same time.

    uv run python scripts/share_out.py --minutes 20 -- -m "slow or updates"

Prints the jobs as JSON, which a workflow reads into its matrix: a name, and the tests, a line each.
What follows `--` chooses the tests, as for pytest. Their seconds are those of tests/seconds.json,
which scripts/write_variants.py writes from a report. Tests of a file share servers and projects, so
they stay together unless they take longer than a job may.
"""

import argparse
import heapq
import json
import math
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[1]
UNKNOWN_S = 10.0
"""A test that has never been measured, or took less than a second."""

Unit = tuple[str, float]
"""A file or a test, and its seconds."""


def main() -> None:
    """Collect the tests and print the jobs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=20, help="that a job may take")
    parser.add_argument("pytest", nargs="*", help="options of pytest that choose the tests")
    options = parser.parse_args()
    if options.minutes <= 0:
        parser.error(f"--minutes {options.minutes:g}: a job takes more than 0 minutes")
    known = json.loads((ROOT / "tests" / "seconds.json").read_text(encoding="utf-8"))
    seconds = {test: known.get(test, UNKNOWN_S) for test in collect(options.pytest)}
    print(json.dumps(share(units(seconds, options.minutes * 60), options.minutes * 60)))


def collect(options: list[str]) -> list[str]:
    """List the tests that pytest would run."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "--quiet", *options]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, encoding="utf-8", check=False)
    if done.returncode:
        sys.exit(f"pytest collects no tests with {options}:\n{done.stdout.strip()}")
    return [line for line in done.stdout.splitlines() if "::" in line]


def units(seconds: dict[str, float], limit_s: float) -> list[Unit]:
    """Join the tests of each file, unless they take longer than a job may."""
    files: dict[str, dict[str, float]] = defaultdict(dict)
    for test, taken_s in seconds.items():
        files[test.partition("::")[0]][test] = taken_s
    found: list[Unit] = []
    for file, tests in files.items():
        whole_s = sum(tests.values())
        found += [(file, whole_s)] if whole_s <= limit_s else list(tests.items())
    return found


def share(units: list[Unit], limit_s: float) -> list[dict[str, str]]:
    """Give each unit, the longest first, to the job that has least to do.

    No job ends later than 4/3 of the best sharing out (Graham 1969).
    """
    n_jobs = max(1, math.ceil(sum(taken_s for _, taken_s in units) / limit_s))
    jobs: list[tuple[float, int, list[str]]] = [(0.0, n, []) for n in range(n_jobs)]
    for name, taken_s in sorted(units, key=lambda unit: (-unit[1], unit[0])):
        busy_s, n, names = jobs[0]
        heapq.heapreplace(jobs, (busy_s + taken_s, n, [*names, name]))
    return [
        {"name": f"{n + 1} of {n_jobs}, {_subject(names[0])}", "tests": "\n".join(sorted(names))}
        for _, n, names in sorted(jobs, key=lambda job: job[1])
        if names
    ]


def _subject(unit: str) -> str:
    """Shorten the path of a test to what a list of jobs has room for."""
    path, _, test = unit.partition("::")
    return test.removeprefix("test_") or Path(path).stem.removeprefix("test_")


if __name__ == "__main__":
    main()
