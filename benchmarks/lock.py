"""Measure the lock of a project with CUDA, and switching its accelerator.

    uv run python benchmarks/lock.py [--rounds N]

PyTorch's index is the imitation of tests/support/torch_index.py, so torch itself weighs nothing:
what is measured is uv's work and the public index, not the download of several GB. Prints a
Markdown table.
"""

import argparse
import sys
import tempfile
import tomllib
from pathlib import Path

from comparison import COPIER, ENVIRONMENT, HEADER, ROOT, Side, fresh, report, run

sys.path.insert(0, str(ROOT / "tests"))
sys.path.insert(0, str(ROOT / "tests" / "support"))
import torch_index


def main() -> None:
    """Run every comparison and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as name, torch_index.serving(Path(name) / "index") as url:
        folder = Path(name)
        cpu = render(folder / "cpu", url, "none")
        both = render(folder / "both", url, "13.0")
        print(HEADER)
        compare_locks(folder / "cache", cpu, both, rounds)
        compare_warm_and_cold(folder / "cache", both, rounds)
        compare_switch(both, rounds)


def render(project: Path, url: str, cuda: str) -> Path:
    """Render a PyTorch project, without its first lock."""
    answers = {"framework": "pytorch", "pytorch_index_url": url, "cuda_version": cuda}
    data = [word for key, value in answers.items() for word in ("--data", f"{key}={value}")]
    run(*COPIER, "--skip-tasks", "--vcs-ref=HEAD", *data, ROOT, project)
    return project


def lock(project: Path, cache: Path | None = None) -> None:
    """Lock from scratch, with uv's cache."""
    (project / "uv.lock").unlink(missing_ok=True)
    ENVIRONMENT.pop("UV_CACHE_DIR", None)
    if cache:
        ENVIRONMENT["UV_CACHE_DIR"] = str(cache)
    run("uv", "lock", cwd=project)


def compare_locks(cache: Path, cpu: Path, both: Path, rounds: int) -> None:
    """Lock for CPU only, and for CPU and CUDA."""
    lock(both, cache)
    name = "lock CPU and CUDA, warm cache"
    report(name, lambda: lock(both, cache), "CPU alone", lambda: lock(cpu, cache), rounds, "")


def compare_warm_and_cold(cache: Path, both: Path, rounds: int) -> None:
    """Lock with an empty and with a warm cache."""

    def cold() -> None:
        lock(both, fresh(cache.with_name("cold")))

    name = "lock CPU and CUDA, empty cache"
    report(name, cold, "warm cache", lambda: lock(both, cache), max(1, rounds // 2), "")


def compare_switch(project: Path, rounds: int) -> None:
    """Switch between the builds, and run a sync without changes."""
    lock(project)
    locked = tomllib.loads((project / "uv.lock").read_text(encoding="utf-8"))["package"]
    names = {package["name"] for package in locked}
    big = {name for name in names if name.startswith(("nvidia-", "cuda-", "triton"))}
    leave_out = [f"--no-install-package={name}" for name in sorted(big)]

    def sync(extra: str) -> Side:
        return lambda: run(
            "uv", "sync", "--locked", "--no-dev", "--extra", extra, *leave_out, cwd=project
        )

    def there_and_back() -> None:
        sync("cuda")()
        sync("cpu")()

    sync("cpu")()
    name = "switch to CUDA and back, without NVIDIA's libraries"
    report(name, there_and_back, "nothing to do", sync("cpu"), rounds, "")


if __name__ == "__main__":
    main()
