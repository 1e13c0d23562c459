"""Measure the first steps of a project, each compared with a baseline.

    uv run python benchmarks/first_day.py [--rounds N]

Machines are shared and noisy: the two sides of a comparison alternate within one run, each side is
reported by its fastest round, and what counts is the ratio. Prints a Markdown table.
"""

import argparse
import os
import shutil
import tempfile
from pathlib import Path

from comparison import COPIER, HEADER, ROOT, Side, fresh, make_repository, report, run


def main() -> None:
    """Run every comparison and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        template = make_repository(folder / "template", ROOT)
        print(HEADER)
        compare_render(folder, template, rounds)
        compare_first_model(folder, template, max(1, rounds // 2))
        compare_help(folder, rounds)


def compare_render(folder: Path, template: Path, rounds: int) -> None:
    """Render the template, and let Copier copy the same files unrendered."""
    run(*COPIER, "--skip-tasks", template, folder / "rendered")
    plain = folder / "plain"
    shutil.copytree(folder / "rendered", plain / "template")
    (plain / "template" / ".copier-answers.yml").unlink()
    (plain / "copier.yml").write_text("_subdirectory: template\n")
    static = make_repository(folder / "static", plain)

    def copy(source: Path) -> Side:
        return lambda: run(*COPIER, "--skip-tasks", "--overwrite", source, fresh(folder / "copy"))

    report("render a project", copy(template), "copy its files", copy(static), rounds, "<= 1.1")


def compare_first_model(folder: Path, template: Path, rounds: int) -> None:
    """Train from scratch to a registered model, and import its libraries in a new environment."""
    project = folder / "project"

    def train() -> None:
        run(*COPIER, template, fresh(project))
        run("uv", "run", "--quiet", "my-ml-project", "train", cwd=project)

    def imports() -> None:
        shutil.rmtree(project / ".venv")
        code = "import mlflow.sklearn, mlflow.store.tracking.sqlalchemy_store, pandera.pandas"
        run("uv", "run", "--quiet", "python", "-c", code, cwd=project)

    train()  # Fill uv's cache.
    name = "from nothing to a registered model (<= 12 s)"
    report(name, train, "install and import its libraries", imports, rounds, "")


def compare_help(folder: Path, rounds: int) -> None:
    """Time `--help` of a command, and the start of Python."""
    binaries = folder / "project" / ".venv" / ("Scripts" if os.name == "nt" else "bin")
    script, python = binaries / "my-ml-project", binaries / "python"

    def show_help() -> None:
        run(script, "train", "--help", cwd=folder / "project")

    def start_python() -> None:
        run(python, "-c", "pass", cwd=folder / "project")

    show_help()
    report("train --help (< 0.5 s)", show_help, "start Python", start_python, rounds, "")


if __name__ == "__main__":
    main()
