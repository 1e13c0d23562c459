"""Run all benchmarks of daily work, and write them at the top of docs/benchmarks.md.

    uv run python benchmarks/page.py [--rounds N] [--only NAME ...]

Each benchmark is a separate script; its table goes below its command. The text
below `## Before` on the page is kept, as are the sections that `--only` leaves out. A run takes
about an hour on an idle machine, and the images need Docker or podman.
"""

import argparse
import os
import platform
import re
import subprocess
import sys
from datetime import UTC, datetime

from comparison import ENVIRONMENT, ROOT

PAGE = ROOT / "docs" / "benchmarks.md"
BEFORE = "## Before\n"
TOP = """\
# Benchmarks

One command regenerates the tables below, on an otherwise idle machine:

```bash
uv run python benchmarks/page.py
```

Two sides of a comparison alternate within one run; each is reported by its fastest round. Machines
are shared and noisy, so ratios are more reliable than seconds.
"""
SUBJECTS = {
    "commands": "Commands against scripts written by hand",
    "serve": "The service against `mlflow models serve`",
    "tune": "A search in two processes",
    "growth": "Growth with the rows",
    "first_day": "A render against a static copy, and the first model",
    "variants": "All variants",
    "lock": "A lock",
    "updates": "An update",
    "images": "Images",
    "hostile": "Hostile requests",
    "tables": "Scores on public tables",
}
"""Scripts of this folder in the order of the page, and their subjects."""


def main() -> None:
    """Run the benchmarks and write the page, if all of them succeed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="of each comparison")
    parser.add_argument("--only", nargs="+", choices=SUBJECTS, default=[*SUBJECTS])
    arguments = parser.parse_args()
    current, _, before = PAGE.read_text(encoding="utf-8").partition(BEFORE)
    parts = re.split(r"^(?=## )", current, flags=re.M)[1:]
    sections = {part.partition("\n")[0].removeprefix("## "): part for part in parts}
    for name in arguments.only:
        sections[SUBJECTS[name]] = measure(name, SUBJECTS[name], arguments.rounds) + "\n"
    kept = "".join(sections[one] for one in SUBJECTS.values() if one in sections)
    PAGE.write_text(f"{TOP}\n{kept}{BEFORE}{before}", encoding="utf-8")


def measure(name: str, subject: str, rounds: int) -> str:
    """Run a benchmark and return its section of the page."""
    print(f"{name} ...", file=sys.stderr, flush=True)
    options = [f"--rounds={rounds}"]
    done = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / f"{name}.py", *options],
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        check=False,
    )
    if done.returncode:
        sys.exit(f"benchmarks/{name}.py ended with {done.returncode}; the page is as it was")
    made_by = f"`uv run python benchmarks/{name}.py {options[0]}`, {machine()}."
    return f"## {subject}\n\n{made_by}\n\n{done.stdout.strip()}\n"


def machine() -> str:
    """Describe the machine, its load and the date."""
    python, today = platform.python_version(), datetime.now(UTC).date().isoformat()
    busy = f"a load of {os.getloadavg()[0]:.1f} at the end" if hasattr(os, "getloadavg") else ""
    facts = [f"{os.cpu_count()} cores", platform.system(), f"Python {python}", today, busy]
    return ", ".join(filter(None, facts))


if __name__ == "__main__":
    main()
