"""Made-up facts: a machine with a GPU and all that its project needs, except for one change."""

from dataclasses import replace
from typing import Any

from copier_ml.doctor import machine
from copier_ml.doctor.machine.environment import Build, Device, Environment
from copier_ml.doctor.machine.facts import Facts
from copier_ml.doctor.machine.finding import Finding
from copier_ml.doctor.machine.hardware import Gpu, Machine
from copier_ml.doctor.machine.needs import CudaBuild, Needs

H200 = Gpu("NVIDIA H200", "9.0", 141 * 2**30)
PASCAL = Gpu("Tesla P100", "6.0", 16 * 2**30)
RUBIN = Gpu("Some later GPU", "13.0", 0)
ON_H200 = Device(0, "NVIDIA H200", "cuda", "9.0", 141 * 2**30)

HERE = Machine("linux", "x86_64", "glibc 2.36", driver="580.95.05", gpus=(H200,))
NO_GPU = {"driver": "", "gpus": ()}

LOCKED_PLATFORMS = (
    "sys_platform == 'linux' and platform_machine == 'x86_64'",
    "sys_platform == 'linux' and platform_machine == 'aarch64'",
    "sys_platform == 'darwin' and platform_machine == 'arm64'",
    "sys_platform == 'win32' and platform_machine == 'AMD64'",
)
CUDA = CudaBuild(
    "cu130",
    "13.0",
    ("7.5", "8.0", "8.6", "9.0", "10.0", "12.0"),
    {"linux": "580.65.06", "windows": "580.88"},
    {"linux": "580.65.06"},
    {"older_driver": "12.6", "older_gpu": "12.6", "newer_gpu": "14.0"},
)
SKLEARN = Needs("scikit-learn", False, None, "3.11", "3.14", LOCKED_PLATFORMS)
CPU = replace(SKLEARN, framework="torch", has_extras=True)
BOTH = replace(CPU, cuda=CUDA)

ON_CPU = Build("torch", "2.15.0+cpu", "")
ON_CUDA = Build("torch", "2.15.0+cu130", "13.0")
LOCKED = ("2.15.0", "2.15.0+cpu", "2.15.0+cu130")

ALONE = replace(CUDA, instead={})
NEWER = replace(CUDA, cuda="13.2", native_driver={"linux": "595.71.05"})
OLDER = replace(CUDA, least_driver={"linux": "525.60.13"}, native_driver={"linux": "560.35.05"})
UNKNOWN = CudaBuild("cu140", "14.0")


def facts(here: dict[str, Any] | None = None, **others: Any) -> Facts:
    """Make the facts, except for what is given of the machine, its environment or the rest."""
    installed: dict[str, Any] = {"python": "3.12.1", "build": ON_CUDA, "devices": (ON_H200,)}
    installed |= {name: others.pop(name) for name in ("error", *installed) if name in others}
    known: dict[str, Any] = {"needs": BOTH, "locked": LOCKED, "lock_check": "", "index": ""}
    return Facts(
        replace(HERE, **(here or {})), environment=Environment(**installed), **(known | others)
    )


Situation = tuple[Facts, str, str]
"""Facts, the worst verdict on them, and a part of the line that says so."""


def check(situation: Situation) -> None:
    """Judge the facts, and compare."""
    known, verdict, line = situation
    told = [finding for finding in machine.evaluate(known) if finding.verdict != "ok"]
    assert _worst(told) == verdict, told
    assert not verdict or any(line in one.line() for one in told if one.verdict == verdict), told


def _worst(told: list[Finding]) -> str:
    verdicts = {finding.verdict for finding in told}
    return next((verdict for verdict in ("problem", "note") if verdict in verdicts), "")
