"""Measure all variants that the tests render: the time of one render, and of all.

    uv run python benchmarks/variants.py [--rounds N]

Renders run in one process, as in the tests, and are compared with a plain copy of them.
Then all are parsed, and checked by ruff. Prints two Markdown tables.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from comparison import ENVIRONMENT, HEADER, ROOT, fresh, report, seconds

sys.path.insert(0, str(ROOT / "tests"))
sys.path.insert(0, str(ROOT / "tests" / "support"))
sys.path.insert(0, str(ROOT / "tests" / "render"))

from renders import GIT_IDENTITY, copy, render_all, take_snapshot
from space import coverage, every_variant, label
from test_every_variant import PARSERS, files, what_ruff_reads

AT_A_TIME = 20
"""Renders in a round of the comparison: every tenth variant."""


def main() -> None:
    """Run the comparison and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = folder / "settings.yml"
        settings.write_text("{}")
        os.environ |= GIT_IDENTITY | {"COPIER_SETTINGS_PATH": str(settings)}
        template = make_template(folder / "template")
        print(HEADER)
        compare(template, folder, rounds)
        print(f"\n{coverage()}.\n")
        measure(template, folder / "all")


def make_template(folder: Path) -> Path:
    """Copy the template from disk, without a repository."""
    folder.mkdir()
    shutil.rmtree(take_snapshot(folder) / ".git")
    return folder


def compare(template: Path, folder: Path, rounds: int) -> None:
    """Render some variants, and copy the results."""
    step = len(every_variant()) // AT_A_TIME
    some = every_variant()[: AT_A_TIME * step : step]

    def render() -> None:
        render_all(template, some, fresh(folder / "some"))

    def copy_files() -> None:
        shutil.copytree(made, fresh(folder / "copied"))

    made = folder / "made"
    for answers in some:
        copy(template, made / label(answers), answers)
    report(f"render {AT_A_TIME} projects", render, "copy their files", copy_files, rounds, "")


def measure(template: Path, folder: Path) -> None:
    """Render all, parse all files, and run ruff."""
    steps: list[tuple[str, Callable[[], object]]] = [
        ("render", lambda: render_all(template, every_variant(), folder)),
        ("parse each file", lambda: parse(folder / "made")),
        ("ruff check", lambda: ruff(folder / "made", "check")),
        ("ruff format --check", lambda: ruff(folder / "made", "format", "--check")),
    ]
    times = {name: seconds(step) for name, step in steps}
    number = len(every_variant())
    print(f"| {number} variants, one process | seconds | goal |\n|---|---|---|")
    for name, taken in times.items():
        print(f"| {name} | {taken:.1f} | |")
    print(f"| all of it | {sum(times.values()):.1f} | <= 60 on two cores |")
    print(f"| one render | {times['render'] / number:.3f} | |")


def parse(folder: Path) -> None:
    """Parse each distinct text once, as the tests do."""
    found = {(path.suffix, path.read_text(encoding="utf-8")) for path in files(folder)}
    for suffix, text in sorted(found):
        PARSERS.get(suffix, str)(text)


def ruff(folder: Path, *command: str) -> None:
    """Run ruff on all distinct renders, in one process."""
    different = {what_ruff_reads(project): project for project in folder.iterdir()}
    ruff_command = [sys.executable, "-m", "ruff", *command, "--quiet", "--no-cache"]
    subprocess.run([*ruff_command, *different.values()], env=ENVIRONMENT, check=True)


if __name__ == "__main__":
    main()
