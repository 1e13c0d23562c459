"""Break the template on purpose, and write docs/reference/mutations.md: which test notices.

    uv run python scripts/mutate.py [NAME ...]

Each break of scripts/mutations.toml is made in a copy of what is committed, and the tests that it
names run there until one fails; if none does, all fast tests run. A break that nothing notices is a
gap in the tests, and the exit code is 1. All take about a quarter of an hour; where some are named,
their lines of the page are replaced.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "reference" / "mutations.md"
HEADER = """\
# Breaks, and what notices them

Made by `scripts/mutate.py`: each line is a change that a tired person could make. It was
made, and the tests ran until one failed.

| break | in | noticed first by |
|---|---|---|
"""
NOTHING = "**nothing**"


@dataclass(frozen=True)
class Mutation:
    """One text of one file that becomes another."""

    name: str
    """What somebody would have done, in a few words."""

    file: str
    old: str
    """Stands exactly once in the file."""

    new: str
    tests: list[str]
    """Those that should notice; paths or node ids."""

    def apply(self, folder: Path) -> None:
        """Change the file below a folder."""
        path = folder / self.file
        text = path.read_text(encoding="utf-8")
        if text.count(self.old) != 1:
            sys.exit(f"{self.name}: {self.file} has {self.old!r} {text.count(self.old)} times")
        path.write_text(text.replace(self.old, self.new), encoding="utf-8")


def main() -> None:
    """Make each break, one after the other, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="breaks to make; otherwise all")
    names = parser.parse_args().names
    mutations = [one for one in read() if not names or one.name in names]
    if unknown := set(names) - {one.name for one in mutations}:
        parser.error(f"no break is called {', '.join(sorted(unknown))}")
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name) / "copier-ml"
        subprocess.run(
            ["git", "worktree", "add", "--quiet", "--detach", copy], cwd=ROOT, check=True
        )
        try:
            rows = make_all(mutations, copy)
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", copy], cwd=ROOT, check=True)
    lines = {row[0]: f"| {' | '.join(row)} |" for row in rows}
    if names:
        lines = read_page() | lines
    in_order = [f"{lines[one.name]}\n" for one in read() if one.name in lines]
    PAGE.write_text(HEADER + "".join(in_order), encoding="utf-8")
    survivors = [row[0] for row in rows if row[2] == NOTHING]
    sys.exit(f"nothing notices: {', '.join(survivors)}" if survivors else 0)


def read() -> list[Mutation]:
    """Read the list of breaks."""
    text = (ROOT / "scripts" / "mutations.toml").read_text(encoding="utf-8")
    return [Mutation(**row) for row in tomllib.loads(text)["mutation"]]


def read_page() -> dict[str, str]:
    """Read the lines of the page, by the name of the break."""
    lines = PAGE.read_text(encoding="utf-8").removeprefix(HEADER).splitlines()
    return {line.removeprefix("| ").partition(" | ")[0]: line for line in lines}


def make_all(mutations: list[Mutation], copy: Path) -> list[tuple[str, str, str]]:
    """Make each break in a copy, and say what noticed it."""
    tests = sorted({test for one in mutations for test in one.tests})
    if failed := run(copy, tests):
        sys.exit(f"without any break, {failed[0]} fails")
    rows = []
    for one in mutations:
        start = time.perf_counter()
        one.apply(copy)
        failed = run(copy, one.tests) or run(copy, [])
        subprocess.run(["git", "checkout", "--quiet", "--", "."], cwd=copy, check=True)
        noticed = f"`{failed[0]}`" if failed else NOTHING
        rows.append((one.name, f"`{one.file}`", noticed))
        print(f"{time.perf_counter() - start:4.0f} s  {one.name}: {noticed}", flush=True)
    return rows


def run(folder: Path, tests: list[str]) -> list[str]:
    """Run tests, all fast ones if none are named, and return those that failed first."""
    # The copy's own package, instead of the one that is installed in this environment.
    environment = os.environ | {"PYTHONPATH": str(folder / "src")}
    options = ["-x", "-q", "--no-header", "--tb=no", "--no-showlocals", "-p", "no:cacheprovider"]
    options += ["--ignore=tests/ci/test_mutate.py"]  # It reads the list of breaks.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *options, *([] if tests else ["-n", "2"]), *tests],
            cwd=folder,
            env=environment | {"TMPDIR": temporary},
            stdout=subprocess.PIPE,
            encoding="utf-8",
            check=False,
        )
    failed = re.findall(r"^(?:FAILED|ERROR) (\S+?::.+?|\S+)(?: - .*)?$", done.stdout, re.M)
    if done.returncode not in {0, 1, 2} or bool(done.returncode) != bool(failed):
        sys.exit(f"pytest ended with {done.returncode}:\n{done.stdout}")
    return failed


if __name__ == "__main__":
    main()
