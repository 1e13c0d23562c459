"""Compare the commands of a project with those of the last release; fail if one became slower.

    uv run python benchmarks/guard.py [--rounds N]

One project is made from the committed version, one from the last release. Their commands alternate
in one run, so only the ratio counts. It fails above 1.15.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from commands import Bench, make_project
from comparison import run
from updates import make_template

LIMIT = 1.15
COMMANDS = (
    ("train",),
    ("evaluate",),
    ("predict", "--input-path", "data/digits.parquet"),
    ("train", "--help"),
)


def main() -> None:
    """Print the ratio of each command, and fail if one is above the limit."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as name:
        template = make_template(Path(name) / "template")
        refs = ("HEAD", find_release(template))
        sides = [make_side(template, ref, Path(name) / ref, rounds) for ref in refs]
        slower = []
        print("| command | now, s | last release, s | ratio |\n|---|---|---|---|")
        for command in COMMANDS:
            for side in sides:
                side.ours(*command)  # Write bytecode.
            now, before = (
                min(cost.wall_s for cost in costs)
                for costs in sides[0].alternate(
                    lambda command=command: sides[0].ours(*command),
                    lambda command=command: sides[1].ours(*command),
                )
            )
            text = " ".join(command)
            print(f"| {text} | {now:.2f} | {before:.2f} | {now / before:.2f} |", flush=True)
            if now / before > LIMIT:
                slower.append(text)
    sys.exit(f"slower than the last release: {', '.join(slower)}" if slower else 0)


def find_release(template: Path) -> str:
    """Return the tag of the last release before the current commit."""
    command = ["git", "describe", "--tags", "--abbrev=0", "--match=v?.*", "HEAD~1"]
    found = subprocess.run(command, cwd=template, check=True, capture_output=True, encoding="utf-8")
    return found.stdout.strip()


def make_side(template: Path, ref: str, folder: Path, rounds: int) -> Bench:
    """Make a project from a commit of the template."""
    run("git", "worktree", "add", "--quiet", "--detach", folder / "source", ref, cwd=template)
    return Bench(make_project(folder, source=folder / "source"), rounds)


if __name__ == "__main__":
    main()
