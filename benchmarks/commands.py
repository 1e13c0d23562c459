"""Compare a project's commands with scripts that do the same by hand.

    uv run python benchmarks/commands.py [--rounds N] [--project FOLDER]

Makes a project with scikit-learn, or takes one, and runs each command and its script in
`benchmarks/by_hand/` alternately. A script has its own tracking store, and must succeed. Prints a
Markdown table; memory is the peak of the resident set.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from comparison import COPIER, ENVIRONMENT, ROOT, make_repository, run

SCRIPTS = ROOT / "benchmarks" / "by_hand"
HEADER = """\
| what | measured | compared with | measured | ratio | goal |
|---|---|---|---|---|---|"""


@dataclass(frozen=True)
class Cost:
    """What a process took."""

    wall_s: float
    peak_mb: float


def main() -> None:
    """Run every comparison and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--project", type=Path)
    parser.add_argument(
        "--only", nargs="*", default=["train", "first", "evaluate", "predict", "promote"]
    )
    arguments = parser.parse_args()
    ENVIRONMENT["MLFLOW_DISABLE_TELEMETRY"] = "true"
    with tempfile.TemporaryDirectory() as name:
        bench = Bench(arguments.project or make_project(Path(name)), arguments.rounds)
        print(HEADER)
        for what in arguments.only:
            getattr(bench, what)()


def make_project(folder: Path, profile: str = "standard", source: Path = ROOT) -> Path:
    """Render a project and install it."""
    template, project = make_repository(folder / "template", source), folder / "project"
    run(*COPIER, "--data", f"profile={profile}", template, project)
    run("uv", "run", "--quiet", "just", "sync", cwd=project)
    return project


class Bench:
    """The comparisons, in one project."""

    def __init__(self, project: Path, rounds: int) -> None:
        self.project, self._rounds = project, rounds
        self.python = project / ".venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
        self.package = next((project / "src").iterdir()).name
        (project / "by_hand").mkdir(exist_ok=True)

    def train(self) -> None:
        """Compare warm trainings, in time and memory."""
        for _ in range(2):  # Write bytecode, and create both stores.
            self.ours("train"), self._script("train")
        ours, careful, usual = self.alternate(
            lambda: self.ours("train"),
            lambda: self._script("train"),
            lambda: self._script("train", "usual"),
        )
        show("`train`, s", ours, "careful script", careful, "<= 0.9")
        show("`train`, s", ours, "usual script", usual, "<= 0.6")
        show("`train`, MB", ours, "careful script", careful, "<= 1.0", "peak_mb")

    def first(self) -> None:
        """Compare trainings that must compile every module."""
        rounds = max(1, self._rounds // 2)
        ours, careful = [], []
        for _ in range(rounds):
            self._forget_bytecode()
            careful.append(self._script("train"))
            self._forget_bytecode()
            ours.append(self.ours("train"))
        show("`train`, first time, s", ours, "careful script", careful, "<= 0.7")

    def evaluate(self) -> None:
        """Compare evaluations; the script writes no page."""
        self.ours("evaluate"), self._script("evaluate")
        ours, script = self.alternate(
            lambda: self.ours("evaluate"), lambda: self._script("evaluate")
        )
        show("`evaluate`, s", ours, "script", script, "<= 0.8")

    def predict(self) -> None:
        """Compare predictions of the example's rows."""
        command = ["predict", "--input-path", "data/digits.parquet"]
        self.ours(*command), self._script("predict")
        ours, script = self.alternate(lambda: self.ours(*command), lambda: self._script("predict"))
        show("`predict`, s", ours, "script", script, "<= 0.8")

    def promote(self) -> None:
        """Time a promotion that changes nothing."""
        self.ours("evaluate")
        self.ours("promote")
        ours, start = self.alternate(
            lambda: self.ours("promote"), lambda: self.run(self.python, "-c", "import mlflow")
        )
        show("`promote` without effect, s (<= 2 s)", ours, "import MLflow", start, "")

    def alternate(self, *sides: Callable[[], Cost]) -> list[list[Cost]]:
        """Run the sides in turn, and return the costs of each."""
        rounds = [[side() for side in sides] for _ in range(self._rounds)]
        return [list(side) for side in zip(*rounds, strict=True)]

    def ours(self, *arguments: str) -> Cost:
        """Run a command of the project."""
        return self.run(self.python.with_name(self.package.replace("_", "-")), *arguments)

    def _script(self, name: str, *arguments: str) -> Cost:
        return self.run(self.python, SCRIPTS / f"{name}.py", *arguments)

    def run(self, *command: str | Path) -> Cost:
        """Run a program in the project; it must succeed."""
        start = time.perf_counter()
        with tempfile.TemporaryFile() as log:
            process = subprocess.Popen(
                command, cwd=self.project, env=ENVIRONMENT, stdout=log, stderr=log
            )
            _, status, usage = os.wait4(process.pid, 0)
            wall = time.perf_counter() - start
            process.returncode = os.waitstatus_to_exitcode(status)
            if status:
                log.seek(0)
                sys.exit(f"{command} failed: {log.read().decode()[-2000:]}")
        return Cost(wall, usage.ru_maxrss / 1024)

    def _forget_bytecode(self) -> None:
        for folder in [*self.project.rglob("__pycache__")]:
            shutil.rmtree(folder)


def show(
    name: str, ours: list[Cost], other: str, theirs: list[Cost], goal: str, fact: str = "wall_s"
) -> None:
    """Print the smallest figure of each side, and their ratio."""
    first, second = (min(getattr(cost, fact) for cost in side) for side in (ours, theirs))
    ratio = first / second
    print(f"| {name} | {first:.2f} | {other} | {second:.2f} | {ratio:.2f} | {goal} |", flush=True)


if __name__ == "__main__":
    main()
