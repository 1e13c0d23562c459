"""Evaluate driver, wheel variant, GPUs, devices and CUDA toolkit for training on a GPU. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from .facts import Facts
from .finding import SYNC, Finding, Verdict
from .needs import CudaBuild, order

CHANGE = "run 'copier-ml update --data cuda_version={}'"
"""Fix if the driver or the GPU cannot be changed."""


def evaluate(facts: Facts) -> Iterator[Finding]:
    """Yield the findings of each subject."""
    for subject in (_driver, _matrix, _build, _gpus, _devices, _toolkit):
        yield from subject(facts)


def _driver(facts: Facts) -> Iterator[Finding]:
    here, cuda = facts.machine, facts.needs.cuda
    if here.driver_error:
        expected = "it should list the GPUs"
        remedy = "restart the machine; if that does not help, reinstall the driver"
        yield Finding("driver", here.driver_error, _weigh(facts), expected, remedy)
    elif not here.driver:
        yield _no_driver(facts)
    elif cuda and (least := cuda.least_driver.get(here.system)):
        yield _compare(facts, cuda, least, cuda.native_driver.get(here.system, least))
    else:
        yield Finding("driver", here.driver)


def _weigh(facts: Facts) -> Verdict:
    """Return the verdict on an unusable GPU: only a note if the project runs on the CPU."""
    build = facts.environment.build
    runs_on_cpu = not build.cuda if build else not facts.needs.cuda
    return "note" if runs_on_cpu else "problem"


def _no_driver(facts: Facts) -> Finding:
    build, cuda = facts.environment.build, facts.needs.cuda
    if not (build and build.cuda):
        return Finding("driver", "no NVIDIA driver", "note", remedy="models train on the CPU")
    least = cuda.least_driver.get(facts.machine.system) if cuda else None
    return Finding(
        "driver",
        "no NVIDIA driver",
        "problem",
        f"the installed build is for CUDA {build.cuda}",
        f"install NVIDIA driver {f'{least} or newer' if least else ''}".rstrip()
        + f", or run 'ACCELERATOR=cpu {SYNC}'",
    )


def _compare(facts: Facts, cuda: CudaBuild, least: str, native: str) -> Finding:
    driver = facts.machine.driver
    if order(driver) < order(least):
        fact = f"driver {driver} is older than {least}"
        remedy = f"update the driver{_alternative(cuda.instead, 'older_driver')}"
        return Finding("driver", fact, _weigh(facts), f"which CUDA {cuda.cuda} needs", remedy)
    if order(driver) < order(native):
        fact = f"driver {driver} is older than {native}"
        remedy = "it works, but cannot compile code for GPUs that the build does not support"
        expected = f"the driver that CUDA {cuda.cuda} was released with"
        return Finding("driver", fact, "note", expected, remedy)
    return Finding("driver", driver)


def _matrix(facts: Facts) -> Iterator[Finding]:
    """Report a wheel that is newer than this copier-ml: its drivers and GPUs are unknown."""
    if facts.needs.cuda and not facts.needs.cuda.capabilities:
        fact = f"drivers and GPUs of {facts.needs.framework} {facts.needs.cuda.name} are not known"
        yield Finding("CUDA", fact, "note", remedy="use a newer copier-ml")


def _gpus(facts: Facts) -> Iterator[Finding]:
    """Compare each kind of GPU with the machine code in the CUDA wheel."""
    cuda = facts.needs.cuda
    for gpu, same in groupby(facts.machine.gpus):
        n_same = len(list(same))
        count = f"{n_same} x " if n_same > 1 else ""
        capability = f"compute capability {gpu.capability or 'unknown'}"
        fact = f"{count}{gpu.name}, {capability}, {_gib(gpu.memory_bytes)}"
        need = _missing(gpu.capability, cuda.capabilities) if cuda and gpu.capability else ""
        if not cuda or not need:
            yield Finding("GPU", fact)
            continue
        expected = f"the build for CUDA {cuda.cuda} supports {', '.join(cuda.capabilities)}"
        remedy = f"use another GPU{_alternative(cuda.instead, need)}"
        yield Finding("GPU", fact, _weigh(facts), expected, remedy)


def _missing(capability: str, built: Sequence[str]) -> str:
    """Classify an unsupported GPU as ``older_gpu`` or ``newer_gpu``; empty if supported."""
    major, minor = order(capability)
    if not built or any(order(one)[0] == major and order(one)[1] <= minor for one in built):
        return ""
    return "older_gpu" if (major, minor) < order(built[0]) else "newer_gpu"


def _build(facts: Facts) -> Iterator[Finding]:
    build, needs = facts.environment.build, facts.needs
    if not facts.environment.python and facts.has_pyproject:
        yield Finding("build", "the project is not installed", "note", remedy=f"run '{SYNC}'")
        return
    if build is None:
        if facts.environment.error:
            fact = f"{needs.framework} cannot be imported ({facts.environment.error})"
            yield Finding("build", fact, "problem", remedy=f"install it with '{SYNC}'")
        return
    fact = f"{build.package} {build.version}" + (f" for CUDA {build.cuda}" if build.cuda else "")
    wanted = needs.cuda.cuda if needs.cuda else ""
    if build.cuda and needs.has_extras and not wanted:
        expected = "the project requires the build for the CPU"
        yield Finding("build", fact, "problem", expected, f"run '{SYNC}'")
    elif build.cuda and wanted and not f"{wanted}.".startswith(f"{build.cuda}."):
        expected = f"the project requires CUDA {wanted}"
        yield Finding("build", fact, "problem", expected, f"run 'ACCELERATOR=cuda {SYNC}'")
    elif facts.machine.gpus and not build.cuda and needs.has_extras:
        remedy = f"run 'ACCELERATOR=cuda {SYNC}'" if wanted else CHANGE.format("13.0")
        yield Finding("build", fact, "note", "which leaves the GPU idle", remedy)
    else:
        yield Finding("build", fact)


def _devices(facts: Facts) -> Iterator[Finding]:
    devices, build = facts.environment.devices, facts.environment.build
    for device in devices:
        fact = f"{device.kind}:{device.index} {device.name}"
        if device.failure:
            remedy = "restart the machine, and check 'nvidia-smi -q' for errors"
            yield Finding("device", f"{fact} fails: {device.failure}", "problem", remedy=remedy)
        else:
            yield Finding("device", fact)
    n_seen = sum(device.kind == "cuda" for device in devices)
    n_there = len(facts.machine.gpus)
    if build and build.cuda and n_seen < n_there:
        is_hidden = facts.machine.visible is not None
        yield Finding(
            "device",
            f"{build.package} sees {n_seen} of {n_there} GPUs",
            "note" if is_hidden and n_seen else "problem",
            f"CUDA_VISIBLE_DEVICES is {facts.machine.visible!r}" if is_hidden else "",
            "unset CUDA_VISIBLE_DEVICES"
            if is_hidden
            else f"run '{SYNC}', then restart the machine",
        )


def _toolkit(facts: Facts) -> Iterator[Finding]:
    nvcc, cuda = facts.machine.nvcc, facts.needs.cuda
    if not nvcc:
        if cuda:
            yield Finding("CUDA toolkit", "none; only C++ extensions need it")
    elif cuda and order(nvcc)[0] != order(cuda.cuda)[0]:
        remedy = "compile C++ extensions with the toolkit of the build's CUDA version"
        expected = f"the build is for CUDA {cuda.cuda}"
        yield Finding("CUDA toolkit", f"nvcc {nvcc}", "note", expected, remedy)
    else:
        yield Finding("CUDA toolkit", f"nvcc {nvcc}")


def _alternative(instead: Mapping[str, str], need: str) -> str:
    """Suggest another answer, if one would help."""
    return f", or {CHANGE.format(instead[need])}" if need in instead else ""


def _gib(size_bytes: int) -> str:
    return f"{size_bytes / 2**30:.0f} GiB" if size_bytes else "memory unknown"
