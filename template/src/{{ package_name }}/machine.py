"""Facts of this machine: system, driver, GPUs, CUDA toolkit. It judges nothing."""

import os
import platform
import re
import shutil
import struct
import subprocess
from dataclasses import dataclass

TIMEOUT_S = 20
"""A driver that is busy or broken may take long to answer, or not answer at all."""

FIELDS = ("name", "driver_version", "memory.total", "compute_cap")
LISTED = {0, 14}
"""Exit codes of nvidia-smi with a whole list of GPUs; 14 warns of a damaged infoROM."""

BITS = 8 * struct.calcsize("P")
"""Width of this Python; one of 32 bits also runs on a system of 64."""


@dataclass(frozen=True)
class Build:
    """The installed build of the framework."""

    package: str
    version: str
    cuda: str
    """CUDA that it was built for, such as 13.0, or its major version; empty for the CPU."""


@dataclass(frozen=True)
class Device:
    """A device that the framework can compute on, beside the CPU."""

    index: int
    name: str
    kind: str
    """'cuda', or 'mps' on a Mac."""

    capability: str
    """Compute capability; empty where there is none."""

    memory_bytes: int
    """0 where unknown."""


@dataclass(frozen=True)
class Gpu:
    """A GPU as the driver sees it."""

    name: str
    capability: str
    """Empty if the driver does not say."""

    memory_bytes: int
    """0 if the driver does not say."""


@dataclass(frozen=True)
class Machine:
    """What a machine is, whatever the project needs."""

    system: str
    """'linux', 'windows' or 'darwin'."""

    processor: str
    """'x86_64', 'AMD64', 'aarch64' or 'arm64'; anything else has no wheels."""

    python: str
    libc: str
    """Name and version, such as 'glibc 2.36'; empty where it does not matter."""

    driver: str = ""
    """Version of NVIDIA's driver; empty if none answers."""

    driver_error: str = ""
    """What a driver says that is there but does not work."""

    gpus: tuple[Gpu, ...] = ()
    nvcc: str = ""
    """Version of the CUDA toolkit's compiler; empty if there is none."""

    visible: str | None = None
    """What CUDA_VISIBLE_DEVICES says, if it is set."""


def read() -> Machine:
    """Look at this machine. It takes about a second where there is a GPU."""
    driver, driver_error, gpus = _read_driver()
    return Machine(
        system=platform.system().lower(),
        processor=platform.machine() + (" in 32 bits" if BITS == 32 else ""),
        python=platform.python_version(),
        libc=_read_libc(),
        driver=driver,
        driver_error=driver_error,
        gpus=gpus,
        nvcc=_read_nvcc(),
        visible=os.environ.get("CUDA_VISIBLE_DEVICES"),
    )


def ask(
    program: str, *arguments: str, timeout_s: float, **variables: str
) -> subprocess.CompletedProcess[str] | None:
    """Run a program and return what it says; None if it is not there, or cannot be run.

    Raises:
        TimeoutExpired: If it takes too long.
    """
    path = shutil.which(program)
    if path is None:
        return None
    try:
        return subprocess.run(  # noqa: S603  (fixed words, and no shell)
            [path, *arguments],
            env=os.environ | variables,
            capture_output=True,
            check=False,
            encoding="utf-8",
            errors="replace",
            timeout=timeout_s,
        )
    except OSError:
        return None


def _read_driver() -> tuple[str, str, tuple[Gpu, ...]]:
    """Return the driver's version, or what it complains about, and its GPUs."""
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
        told = " ".join((done.stdout + done.stderr).split())[:300]
        return "", f"nvidia-smi exits with {done.returncode}: {told or 'it says nothing'}", ()
    return rows[0][1], "", tuple(_gpu(name, *facts) for name, _, *facts in rows)


def _query(fields: tuple[str, ...]) -> subprocess.CompletedProcess[str] | None:
    query = f"--query-gpu={','.join(fields)}"
    return ask("nvidia-smi", query, "--format=csv,noheader,nounits", timeout_s=TIMEOUT_S)


def _gpu(name: str, memory_mib: str, capability: str = "", *_: str) -> Gpu:
    known = capability if re.fullmatch(r"\d+\.\d+", capability) else ""
    return Gpu(name, known, int(memory_mib) * 2**20 if memory_mib.isdecimal() else 0)


def _read_nvcc() -> str:
    try:
        done = ask("nvcc", "--version", timeout_s=TIMEOUT_S)
    except subprocess.TimeoutExpired:
        return ""
    found = re.search(r"release (\d+\.\d+)", done.stdout if done else "")
    return found[1] if found else ""


def _read_libc() -> str:
    if platform.system() != "Linux":
        return ""
    name, version = platform.libc_ver()
    return f"{name} {version}" if name else "musl"
