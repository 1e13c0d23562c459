"""Compare a search in two processes with one, and measure what a trial costs besides its fit.

    uv run python benchmarks/tune.py [--rounds N] [--project FOLDER]

Each process fits with one thread, so that two can use two cores. Prints a Markdown table.
"""

import argparse
import itertools
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from commands import Bench, Cost, make_project, show

N_TRIALS = 8
HEADER = """\
| what | measured | compared with | measured | ratio | goal |
|---|---|---|---|---|---|"""


def main() -> None:
    """Run both comparisons and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--project", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        project = arguments.project or make_project(Path(name), "everything")
        bench = Bench(project, arguments.rounds)
        studies = (f"benchmark-{number}" for number in itertools.count())

        def tune(n_trials: int, *options: str, n_processes: int = 1) -> Cost:
            words = ["tune", "--study", next(studies), "--trials", str(n_trials), *options]
            with ThreadPoolExecutor(n_processes) as pool:
                return max(
                    pool.map(lambda _: bench.ours(*words), range(n_processes)),
                    key=lambda cost: cost.wall_s,
                )

        tune(1)  # Write bytecode, and create the store.
        print(HEADER)
        long = ["--threads", "1", "--max-iter", "300"]
        two, one = bench.alternate(
            lambda: tune(N_TRIALS, *long, n_processes=2), lambda: tune(N_TRIALS, *long)
        )
        show(f"{N_TRIALS} trials in two processes, s", two, "in one", one, "<= 0.6")
        short = ["--threads", "1", "--max-iter", "1"]
        many, single = bench.alternate(lambda: tune(9, *short), lambda: tune(1, *short))
        extra = (min(c.wall_s for c in many) - min(c.wall_s for c in single)) / 8
        print(f"| a trial of one iteration, s (<= 0.3 s) | {extra:.2f} | | | | |")


if __name__ == "__main__":
    main()
