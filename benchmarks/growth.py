"""Measure how time and memory of a project's commands grow with the rows of a table.

    uv run python benchmarks/growth.py [--rows N ...] [--picture FILE]

Each size gets a table of mixed columns: numbers, some missing, categories, dates, and a class that
depends on them. It is imported, and each command runs in a process of its own. An exponent is the
slope of the logarithms between the two largest sizes: 1 is linear. Prints a Markdown table, and
draws the curves with the project's Matplotlib.
"""

import argparse
import json
import math
import shutil
import sys
import tempfile
from pathlib import Path

from commands import Bench, Cost, make_project
from comparison import ROOT, run

WRITE = """\
import sys
import numpy as np, pandas as pd, pyarrow as pa, pyarrow.parquet as pq
path, n_rows = sys.argv[1], int(sys.argv[2])
random = np.random.default_rng(0)
writer = None
for first in range(0, n_rows, 1_000_000):
    n = min(1_000_000, n_rows - first)
    part = pd.DataFrame(random.normal(size=(n, 6)), columns=[f"number_{i}" for i in range(6)])
    part["visits"] = random.integers(0, 100, n)
    part["region"] = random.choice(["north", "south", "east", "west"], n)
    part["plan"] = random.choice([f"plan {i}" for i in range(30)], n)
    days = pd.to_timedelta(random.integers(0, 1000, n), unit="D")
    part["joined"] = pd.Timestamp("2023-01-01") + days
    score = part["number_0"] + part["visits"] / 50 + (part["region"] == "north")
    part["churned"] = np.where(score + random.normal(size=n) > 1.5, "yes", "no")
    part.loc[random.random(n) < 0.05, "number_1"] = np.nan
    table = pa.Table.from_pandas(part, preserve_index=False)
    writer = writer or pq.ParquetWriter(path, table.schema)
    writer.write_table(table, row_group_size=1_000_000)
writer.close()
"""
DRIFT = """\
import sys
from pathlib import Path
from {package} import data
from {package}.serving import drift
features = data.prepare(data.read(Path(sys.argv[1])).drop(columns="churned"))
window = drift.Window(drift.reference(features), 1000)
window.add(features)
assert window.psi()
"""
DRAW = """\
import json, sys
from matplotlib.figure import Figure
found, path = json.loads(sys.argv[1]), sys.argv[2]
figure = Figure(figsize=(10, 4), layout="constrained")
for axes, index, label in zip(figure.subplots(1, 2), (0, 1), ("Seconds", "Peak memory, MB")):
    for command, points in found.items():
        axes.loglog([p[2] for p in points], [p[index] for p in points], "o-", label=command)
    axes.set(xlabel="Rows", ylabel=label)
    axes.grid(alpha=0.3)
axes.legend()
figure.savefig(path)
"""


def main() -> None:
    """Measure each command at each size; print the table and draw the curves."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000, 100_000, 10_000_000])
    parser.add_argument("--rounds", type=int, default=1, help="ignored: each size runs once")
    picture = ROOT / "docs" / "images" / "growth.svg"
    parser.add_argument("--picture", type=Path, default=picture)
    arguments = parser.parse_args()
    found: dict[str, list[tuple[float, float, int]]] = {}
    with tempfile.TemporaryDirectory() as name:
        bench = Bench(make_project(Path(name), "everything"), 1)
        for n_rows in arguments.rows:
            for command, cost in measure(bench, n_rows):
                print(f"{n_rows:,} rows: {command} {cost}", file=sys.stderr, flush=True)
                found.setdefault(command, []).append((cost.wall_s, cost.peak_mb, n_rows))
        run(bench.python, "-c", DRAW, json.dumps(found), arguments.picture)
    sizes = " | ".join(f"{n:,} rows: s | MB" for n in arguments.rows)
    print(f"| command | {sizes} | exponent of time | of memory |")
    print("|---|" + "---|" * (2 * len(arguments.rows) + 2))
    for command, points in found.items():
        cells = " | ".join(f"{wall:.1f} | {peak:.0f}" for wall, peak, _ in points)
        print(f"| `{command}` | {cells} | {slope(points, 0):.2f} | {slope(points, 1):.2f} |")


def measure(bench: Bench, n_rows: int) -> list[tuple[str, Cost]]:
    """Import a table of some rows, and run each command on it."""
    project = bench.project
    shutil.rmtree(project / "data", ignore_errors=True)
    table = project.parent / f"{n_rows}.parquet"
    bench.run(bench.python, "-c", WRITE, table, str(n_rows))
    tool = [sys.executable, "-m", "copier_ml", "import-data", table, "--target", "churned"]
    costs = [("import-data", bench.run(*tool, "--overwrite"))]
    (source,) = (project / "data").glob("*.parquet")
    name = source.relative_to(project).as_posix()
    bench.ours("train", "--data-path", name, "--max-iter", "2")  # Write bytecode.
    costs.append(("train", bench.ours("train", "--data-path", name)))
    costs.append(("evaluate", bench.ours("evaluate", "--data-path", name)))
    costs.append(("predict", bench.ours("predict", "--input-path", name)))
    code = DRIFT.format(package=bench.package)
    costs.append(("drift", bench.run(bench.python, "-c", code, name)))
    table.unlink()
    return costs


def slope(points: list[tuple[float, float, int]], index: int) -> float:
    """Return the exponent of growth between the two largest sizes."""
    first, second = points[-2:]
    return math.log(second[index] / first[index]) / math.log(second[2] / first[2])


if __name__ == "__main__":
    main()
