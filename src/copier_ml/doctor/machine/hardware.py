"""Facts about this machine: system, driver, GPUs, CUDA toolkit."""

import os
import platform
import re
import shutil
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

TIMEOUT_S = 20
"""A busy or broken driver may not answer."""

FIELDS = ("name", "driver_version", "memory.total", "compute_cap")
LISTED = {0, 14}
"""Exit codes of nvidia-smi with a complete list of GPUs; 14 warns of a damaged infoROM."""

BITS = 8 * struct.calcsize("P")
"""Width of this Python; one of 32 bits also runs on a 64-bit system."""


@dataclass(frozen=True)
class Gpu:
    """A GPU as the driver sees it."""

    name: str
    capability: str
    """Compute capability; empty if unknown."""

    memory_bytes: int
    """0 if unknown."""


@dataclass(frozen=True)
class Machine:
    """Facts about a machine, independent of the project."""

    system: str
    """'linux', 'windows' or 'darwin'."""

    processor: str
    """'x86_64', 'AMD64', 'aarch64' or 'arm64'; others have no wheels."""

    libc: str
    """Name and version, such as 'glibc 2.36'; empty where it does not matter."""

    driver: str = ""
    """Version of the NVIDIA driver; empty if there is none."""

    driver_error: str = ""
    """Error message of a driver that is installed and does not work."""

    gpus: tuple[Gpu, ...] = ()
    nvcc: str = ""
    """Version of the CUDA toolkit's compiler; empty if there is none."""

    visible: str | None = None
    """Value of CUDA_VISIBLE_DEVICES, if it is set."""


def read() -> Machine:
    """Read the facts of this machine, which takes about a second with a GPU."""
    driver, driver_error, gpus = _read_driver()
    return Machine(
        system=platform.system().lower(),
        processor=platform.machine() + (" in 32 bits" if BITS == 32 else ""),
        libc=_read_libc(),
        driver=driver,
        driver_error=driver_error,
        gpus=gpus,
        nvcc=_read_nvcc(),
        visible=os.environ.get("CUDA_VISIBLE_DEVICES"),
    )


def run(
    program: str, *arguments: str, timeout_s: float, folder: Path | None = None, **variables: str
) -> "subprocess.CompletedProcess[str] | None":
    """Run a program of the machine; return None if it is missing or cannot be executed.

    Raises:
        subprocess.TimeoutExpired: It did not finish in time.
    """
    path = shutil.which(program)
    if path is None or not Path(path).is_absolute():  # Windows looks in the current folder first.
        return None
    environment = {name: text for name, text in os.environ.items() if name != "VIRTUAL_ENV"}
    try:
        return subprocess.run(
            [path, *arguments],
            cwd=folder,
            env=environment | variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            encoding="utf-8",
            errors="replace",
            timeout=timeout_s,
        )
    except OSError:
        return None


def _read_driver() -> tuple[str, str, tuple[Gpu, ...]]:
    """Return the driver's version, or its error message, and its GPUs."""
    try:
        done = _query(FIELDS)
        if done and "compute_cap" in done.stdout + done.stderr:  # too old to know that field
            done = _query(FIELDS[:-1])
    except subprocess.TimeoutExpired:
        return "", f"nvidia-smi does not answer in {TIMEOUT_S} s", ()
    if done is None:
        return "", "", ()
    rows = [[cell.strip() for cell in line.split(",")] for line in done.stdout.splitlines()]
    rows = [row for row in rows if len(row) >= 3 and re.fullmatch(r"\d+(\.\d+)+", row[1])]
    if done.returncode not in LISTED or not rows:
        output = " ".join((done.stdout + done.stderr).split())[:300]
        return "", f"nvidia-smi exits with {done.returncode}: {output or 'no output'}", ()
    return rows[0][1], "", tuple(_gpu(name, *facts) for name, _, *facts in rows)


def _query(fields: tuple[str, ...]) -> "subprocess.CompletedProcess[str] | None":
    query = f"--query-gpu={','.join(fields)}"
    return run("nvidia-smi", query, "--format=csv,noheader,nounits", timeout_s=TIMEOUT_S)


def _gpu(name: str, memory_mib: str, capability: str = "", *_: str) -> Gpu:
    known = capability if re.fullmatch(r"\d+\.\d+", capability) else ""
    return Gpu(name, known, int(memory_mib) * 2**20 if memory_mib.isdecimal() else 0)


def _read_nvcc() -> str:
    try:
        done = run("nvcc", "--version", timeout_s=TIMEOUT_S)
    except subprocess.TimeoutExpired:
        return ""
    found = re.search(r"release (\d+\.\d+)", done.stdout if done else "")
    return found[1] if found else ""


def _read_libc() -> str:
    if platform.system() != "Linux":
        return ""
    name, version = platform.libc_ver()
    return f"{name} {version}" if name else "musl"
