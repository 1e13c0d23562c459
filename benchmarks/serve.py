"""Compare the service of a project with `mlflow models serve`, with the same model and rows.

    uv run python benchmarks/serve.py [--rounds N] [--seconds S]

Both servers run, each with one process; a separate process queries them in turn, over
connections that stay open. Machines are shared and noisy: each side is reported by its best round,
and what counts is the ratio. Prints a Markdown table.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

from comparison import COPIER, ENVIRONMENT, ROOT, make_repository, run

PROJECT = "my_ml_project"
HEADER = """\
| rows | connections | rows/s | MLflow rows/s | ratio | p99 ms | MLflow p99 ms | ratio |
|---|---|---|---|---|---|---|---|"""
PATIENCE_S = 120

Round = tuple[float, float]
"""Requests a second, and the 99th percentile of their latencies, in milliseconds."""


def main() -> None:
    """Start both servers, query them in turn, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--ask", nargs=4, metavar=("PORT", "PATH", "BODY", "CONNECTIONS"))
    arguments = parser.parse_args()
    if arguments.ask:
        port, path, body, connections = arguments.ask
        print(json.dumps(ask(int(port), path, Path(body), int(connections), arguments.seconds)))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        binaries = make_project(folder)
        compare_starts(folder / "project", binaries, arguments.rounds)
        with start_both(folder / "project", binaries) as ports:
            print(f"\n{HEADER}")
            for n_rows, connections in ((1, 1), (1, 8), (100, 1), (100, 8)):
                bodies = write_bodies(folder, n_rows)
                compare(ports, bodies, n_rows, connections, arguments)


def make_project(folder: Path) -> Path:
    """Render a project, install it with MLflow's own server, and train its model."""
    project = folder / "project"
    run(*COPIER, make_repository(folder / "template", ROOT), project)
    run("uv", "sync", "--quiet", "--group", "ui", cwd=project)
    binaries = project / ".venv" / ("Scripts" if os.name == "nt" else "bin")
    run(binaries / "my-ml-project", "train", cwd=project)
    return binaries


def compare_starts(project: Path, binaries: Path, rounds: int) -> None:
    """Start each server alone, in turn, until it is ready."""
    found: list[list[float]] = [[], []]
    for _ in range(rounds):
        for times, other in zip(found, ("has_theirs", "has_ours"), strict=True):
            start = time.perf_counter()
            with start_both(project, binaries, **{other: False}):
                times.append(time.perf_counter() - start)
    ours, theirs = map(min, found)
    print(
        "| what | seconds | compared with | seconds | ratio | goal |\n|---|---|---|---|---|---|\n"
        f"| from start to ready | {ours:.2f} | `mlflow models serve` | {theirs:.2f} "
        f"| {ours / theirs:.2f} | <= 0.5 |",
        flush=True,
    )


@contextmanager
def start_both(
    project: Path, binaries: Path, *, has_ours: bool = True, has_theirs: bool = True
) -> Iterator[tuple[int, int]]:
    """Serve the model with one server or both, and stop them at the end."""
    ours, theirs = free_port(), free_port()
    model = f"models:/{PROJECT}/1"
    serve = [binaries / "my-ml-project", "serve", "--model", model, "--port", str(ours)]
    mlflow = [binaries / "mlflow", "models", "serve", "--model-uri", model, "--port", str(theirs)]
    environment = ENVIRONMENT | {
        "PATH": f"{binaries}{os.pathsep}{ENVIRONMENT['PATH']}",
        "MLFLOW_TRACKING_URI": "sqlite:///mlruns/mlflow.db",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    processes = []
    try:
        both = ((has_ours, serve), (has_theirs, [*mlflow, "--env-manager", "local"]))
        for command in (command for is_wanted, command in both if is_wanted):
            with (project / f"{len(processes)}.log").open("wb") as log:
                processes.append(
                    subprocess.Popen(command, cwd=project, env=environment, stdout=log, stderr=log)
                )
        if has_ours:
            wait(ours, "/ready")
        if has_theirs:
            wait(theirs, "/ping")
        yield ours, theirs
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(PATIENCE_S)


def write_bodies(folder: Path, n_rows: int) -> tuple[Path, Path]:
    """Write the same rows in each server's format."""
    names = [f"pixel_{row}_{column}" for row in range(8) for column in range(8)]
    rows = [[float((7 * i + 3 * j) % 17) for j in range(64)] for i in range(n_rows)]
    ours = {"rows": [dict(zip(names, row, strict=True)) for row in rows]}
    theirs = {"dataframe_split": {"columns": names, "data": rows}}
    paths = folder / "ours.json", folder / "theirs.json"
    for path, body in zip(paths, (ours, theirs), strict=True):
        path.write_text(json.dumps(body))
    return paths


def compare(
    ports: tuple[int, int],
    bodies: tuple[Path, Path],
    n_rows: int,
    connections: int,
    arguments: argparse.Namespace,
) -> None:
    """Query both in turn and print a line."""
    sides = list(zip(ports, ("/predict", "/invocations"), bodies, strict=True))
    rounds: list[list[Round]] = [[], []]
    for _ in range(arguments.rounds):
        for found, (port, path, body) in zip(rounds, sides, strict=True):
            command = [sys.executable, __file__, "--seconds", str(arguments.seconds), "--ask"]
            asked = [*command, str(port), path, str(body), str(connections)]
            found.append(json.loads(subprocess.run(asked, check=True, stdout=-1).stdout))
    (rate, p99), (other_rate, other_p99) = (
        (max(one[0] for one in found) * n_rows, min(one[1] for one in found)) for found in rounds
    )
    print(
        f"| {n_rows} | {connections} | {rate:.0f} | {other_rate:.0f} | {rate / other_rate:.2f} "
        f"| {p99:.1f} | {other_p99:.1f} | {p99 / other_p99:.2f} |",
        flush=True,
    )


def ask(port: int, path: str, body: Path, connections: int, seconds: float) -> Round:
    """Repeat the same request over each connection."""
    content = body.read_bytes()
    end = time.perf_counter() + seconds

    def repeat(_: int) -> list[float]:
        connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
        latencies = []
        while (start := time.perf_counter()) < end:
            connection.request("POST", path, content, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            received = answer.read()
            if answer.status != 200:
                raise RuntimeError(f"{path} answers {answer.status}: {received[:500]!r}")
            latencies.append(time.perf_counter() - start)
        connection.close()
        return latencies

    with ThreadPoolExecutor(connections) as pool:
        found = sorted(second for one in pool.map(repeat, range(connections)) for second in one)
    return len(found) / seconds, found[int(0.99 * (len(found) - 1))] * 1000


def wait(port: int, path: str) -> None:
    """Wait until a server responds with success."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", path)
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        finally:
            connection.close()
        time.sleep(0.05)
    raise RuntimeError(f"nothing answers at port {port}{path} within {PATIENCE_S} s")


def free_port() -> int:
    """Find an unused port."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


if __name__ == "__main__":
    main()
