"""Measure the memory and the speed of `predict` for growing inputs.

    uv run python benchmarks/predict.py [--rows N ...] [--project FOLDER]

Makes and trains a project, or takes one that has a model, writes Parquet of 64 columns of float64
in groups of a million rows, and predicts each file in a separate process. Prints a Markdown
table.
"""

import argparse
import os
import subprocess
import tempfile
import time
from pathlib import Path

from comparison import COPIER, ENVIRONMENT, ROOT, make_repository, run

HEADER = """\
| rows | input, MB | seconds | rows/s | peak resident memory, MiB | goal |
|---|---|---|---|---|---|"""

GROUP_ROWS = 1_000_000

WRITE = """\
import sys
import numpy as np, pyarrow as pa, pyarrow.parquet as pq
from my_ml_project.schema import FEATURES
path, n_rows, group_rows = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
random = np.random.default_rng(0)
part = {name: random.integers(0, 17, group_rows // 10).astype(float) for name in FEATURES}
group = pa.concat_tables([pa.table(part)] * 10).combine_chunks()
with pq.ParquetWriter(path, group.schema, compression="zstd") as writer:
    for first in range(0, n_rows, group_rows):
        writer.write_table(group.slice(0, n_rows - first), row_group_size=group_rows)
"""


def main() -> None:
    """Predict each input and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000, 10_000_000])
    parser.add_argument("--project", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        project = arguments.project or make_project(folder)
        print(HEADER)
        for n_rows in arguments.rows:
            source = folder / "rows.parquet"
            run(python(project), "-c", WRITE, source, str(n_rows), str(GROUP_ROWS), cwd=project)
            seconds, peak_bytes = predict(project, source, folder / "predictions.parquet")
            print(
                f"| {n_rows:,} | {source.stat().st_size / 1e6:.0f} | {seconds:.0f} "
                f"| {n_rows / seconds:,.0f} | {peak_bytes / 2**20:.0f} | <= 1024 |",
                flush=True,
            )


def make_project(folder: Path) -> Path:
    """Render a project, install it and train its model."""
    template, project = make_repository(folder / "template", ROOT), folder / "project"
    run(*COPIER, template, project)
    run("uv", "run", "--quiet", "my-ml-project", "train", cwd=project)
    return project


def python(project: Path) -> Path:
    """Return the project's Python."""
    return project / ".venv" / ("Scripts" if os.name == "nt" else "bin") / "python"


def predict(project: Path, source: Path, target: Path) -> tuple[float, int]:
    """Predict a file; return the seconds and the process's peak of resident memory, in bytes."""
    paths = ["--input-path", source, "--output-path", target]
    command = [python(project), "-m", "my_ml_project", "predict", *paths]
    start = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=project,
        env=ENVIRONMENT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{command} failed with status {status}")
    return time.perf_counter() - start, usage.ru_maxrss * 1024


if __name__ == "__main__":
    main()
