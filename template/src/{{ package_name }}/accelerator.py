"""Judge what a training on a GPU depends on: driver, build, GPUs, devices, CUDA toolkit.

Pure: the same facts give the same findings.
"""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from .diagnosis import SYNC, Facts, Finding, Verdict, order

CHANGE = "answer cuda_version {} in 'copier update'"
"""What helps if the driver or the GPU cannot be changed."""


def judge_accelerator(facts: Facts) -> Iterator[Finding]:
    """Judge subject by subject."""
    for subject in (_driver, _build, _gpus, _devices, _toolkit):
        yield from subject(facts)


def _driver(facts: Facts) -> Iterator[Finding]:
    here, cuda = facts.machine, facts.needs.get("cuda")
    if here.driver_error:
        expected = "it should list the GPUs"
        remedy = "restart the machine; if that does not help, install the driver again"
        yield Finding("driver", here.driver_error, _weigh(facts), expected, remedy)
    elif not here.driver:
        yield _no_driver(facts)
    elif cuda and (least := cuda["least_driver"].get(here.system)):
        yield _compare(facts, cuda, least, cuda["native_driver"].get(here.system, least))
    else:
        yield Finding("driver", here.driver)


def _weigh(facts: Facts) -> Verdict:
    """Weigh what keeps a GPU from working: a project that runs on the CPU can do without it."""
    return "note" if facts.build and not facts.build.cuda else "problem"


def _no_driver(facts: Facts) -> Finding:
    if not (facts.build and facts.build.cuda):
        return Finding("driver", "no NVIDIA driver", "note", remedy="models train on the CPU")
    least = facts.needs.get("cuda", {}).get("least_driver", {}).get(facts.machine.system)
    return Finding(
        "driver",
        "no NVIDIA driver answers",
        "problem",
        f"the installed build is for CUDA {facts.build.cuda}",
        f"install driver {least or 'of NVIDIA'} or newer, or run 'ACCELERATOR=cpu {SYNC}'",
    )


def _compare(facts: Facts, cuda: dict[str, Any], least: str, native: str) -> Finding:
    driver = facts.machine.driver
    if order(driver) < order(least):
        fact = f"driver {driver} is older than {least}"
        remedy = f"update the driver{_answer(cuda['instead'], 'older_driver')}"
        return Finding("driver", fact, _weigh(facts), f"which CUDA {cuda['cuda']} needs", remedy)
    if order(driver) < order(native):
        fact = f"driver {driver} is older than {native}"
        remedy = "it works, but cannot compile code for GPUs that the build does not know"
        return Finding("driver", fact, "note", f"with which CUDA {cuda['cuda']} came", remedy)
    return Finding("driver", driver)


def _gpus(facts: Facts) -> Iterator[Finding]:
    """Compare each kind of GPU with the code in the CUDA build."""
    cuda = facts.needs.get("cuda")
    for gpu, same in groupby(facts.machine.gpus):
        n_same = len(list(same))
        count = f"{n_same} x " if n_same > 1 else ""
        capability = f"capability {gpu.capability or 'unknown'}"
        fact = f"{count}{gpu.name}, {capability}, {_gib(gpu.memory_bytes)}"
        need = _missing(gpu.capability, cuda["capabilities"]) if cuda and gpu.capability else ""
        if not cuda or not need:
            yield Finding("GPU", fact)
            continue
        expected = f"CUDA {cuda['cuda']} has code for {', '.join(cuda['capabilities'])}"
        remedy = f"use another GPU{_answer(cuda['instead'], need)}"
        yield Finding("GPU", fact, _weigh(facts), expected, remedy)


def _missing(capability: str, built: list[str]) -> str:
    """Name a GPU an ``older_gpu`` or a ``newer_gpu`` than the code; empty if it is served."""
    major, minor = order(capability)
    if any(order(one)[0] == major and order(one)[1] <= minor for one in built):
        return ""
    return "older_gpu" if (major, minor) < order(built[0]) else "newer_gpu"


def _build(facts: Facts) -> Iterator[Finding]:
    build, needs = facts.build, facts.needs
    if build is None:
        fact = f"it cannot be imported ({facts.build_error})"
        yield Finding("build", fact, "problem", remedy=f"install it with '{SYNC}'")
        return
    fact = f"{build.package} {build.version}" + (f" for CUDA {build.cuda}" if build.cuda else "")
    wanted = needs.get("cuda", {}).get("cuda", "")
    if build.cuda and not wanted:
        expected = "the project has a build for the CPU alone"
        yield Finding("build", fact, "problem", expected, f"run '{SYNC}'")
    elif build.cuda and not f"{wanted}.".startswith(f"{build.cuda}."):
        expected = f"the project is for CUDA {wanted}"
        yield Finding("build", fact, "problem", expected, f"run 'ACCELERATOR=cuda {SYNC}'")
    elif facts.machine.gpus and not build.cuda and "package" in needs:
        remedy = f"run 'ACCELERATOR=cuda {SYNC}'" if wanted else CHANGE.format("13.0")
        yield Finding("build", fact, "note", "which leaves the GPU idle", remedy)
    else:
        yield Finding("build", fact)


def _devices(facts: Facts) -> Iterator[Finding]:
    for device in facts.devices:
        fact = f"{device.kind}:{device.index} {device.name}"
        if reason := facts.failures.get(device.index):
            remedy = "restart the machine, and look for its errors with 'nvidia-smi -q'"
            yield Finding("device", f"{fact} fails: {reason}", "problem", remedy=remedy)
        else:
            yield Finding("device", fact)
    n_seen = sum(device.kind == "cuda" for device in facts.devices)
    n_there = len(facts.machine.gpus)
    if facts.build and facts.build.cuda and n_seen < n_there:
        hidden = facts.machine.visible is not None
        yield Finding(
            "device",
            f"{facts.build.package} sees {n_seen} of {n_there} GPUs",
            "note" if hidden and n_seen else "problem",
            f"CUDA_VISIBLE_DEVICES is {facts.machine.visible!r}" if hidden else "",
            "unset CUDA_VISIBLE_DEVICES" if hidden else f"run '{SYNC}', then restart the machine",
        )


def _toolkit(facts: Facts) -> Iterator[Finding]:
    nvcc, cuda = facts.machine.nvcc, facts.needs.get("cuda")
    if not nvcc:
        if cuda:
            yield Finding("CUDA toolkit", "none; only extensions in C++ need one")
    elif cuda and order(nvcc)[0] != order(cuda["cuda"])[0]:
        remedy = "an extension in C++ must be compiled with the toolkit of the build's CUDA"
        expected = f"the build is for CUDA {cuda['cuda']}"
        yield Finding("CUDA toolkit", f"nvcc {nvcc}", "note", expected, remedy)
    else:
        yield Finding("CUDA toolkit", f"nvcc {nvcc}")


def _answer(instead: dict[str, str], need: str) -> str:
    """Name the other answer that would help, if there is one."""
    return f", or {CHANGE.format(instead[need])}" if need in instead else ""


def _gib(size_bytes: int) -> str:
    return f"{size_bytes / 2**30:.0f} GiB" if size_bytes else "memory unknown"
