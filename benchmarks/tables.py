"""Compare the scores of an unedited project with those of plain trees, on public tables.

    uv run python benchmarks/tables.py [--rounds N]

Plain is scikit-learn's HistGradientBoosting with native categories, fitted to the same rows and
scored on the same held-out ones. One round is enough: both are deterministic.
"""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree as ET

from comparison import ROOT

NAMES = {"accuracy": "accuracy", "r2": "R2"}


def main() -> None:
    """Run the tests of tables, and print their scores."""
    with TemporaryDirectory() as scratch:
        report = Path(scratch) / "report.xml"
        tests = ["tests/tables/test_tables.py", "-k", "all_the_way", "-m", "slow and not nightly"]
        command = [sys.executable, "-m", "pytest", "--quiet", *tests, "--junitxml", report]
        subprocess.run(command, cwd=ROOT, check=True, stdout=sys.stderr)
        found = ET.parse(report).iter("property")  # noqa: S314  (pytest wrote it)
        rows = [(NAMES[it.attrib["name"]], *it.attrib["value"].split()) for it in found]
    print("| table | metric | project | plain trees | ratio |\n|---|---|---|---|---|")
    for metric, name, ours, plain in sorted(rows, key=lambda row: row[1].lower()):
        print(f"| {name} | {metric} | {ours} | {plain} | {float(ours) / float(plain):.3f} |")


if __name__ == "__main__":
    main()
