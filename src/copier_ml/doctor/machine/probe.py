"""Print the framework's build and devices as a line of JSON.

The project's own Python runs this text, so it imports nothing of copier-ml, and a framework by
name.
"""

import json
import os
import sys
import warnings
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import distributions, version
from typing import Any

# JAX reads it when it starts its first device.
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # true takes 3/4 of a GPU's memory

JAX_CUDA = ("13", "12")
"""Major versions of CUDA that JAX has a plugin for, the newest first."""

Facts = dict[str, Any]


def ask(package: str) -> Facts:
    """Return the facts of a framework, or the error of a broken one."""
    try:
        if package == "torch":
            return _ask_torch()
        if package == "jax":
            return _ask_jax()
        return {
            "build": {"package": package, "version": version(package), "cuda": ""},
            "devices": [],
        }
    except Exception as error:  # noqa: BLE001  (a broken framework may raise anything)
        return {"error": _in_one_line(error)}


def _ask_torch() -> Facts:
    torch = import_module("torch")
    accelerator = torch.accelerator.current_accelerator(check_available=True)
    kind = accelerator.type if accelerator else ""
    if kind == "cuda":
        devices = [_describe_gpu(torch, index) for index in range(torch.cuda.device_count())]
    elif kind:
        name = f"{kind.upper()} device"
        devices = [{"index": 0, "name": name, "kind": kind, "capability": "", "memory_bytes": 0}]
    else:
        devices = []

    def multiply(index: int) -> bool:
        numbers = torch.arange(64, dtype=torch.float32).reshape(8, 8)  # exact in any precision
        there = numbers.to(torch.device(kind, index))
        return bool(torch.equal((there @ there).cpu(), numbers @ numbers))

    cuda = torch.version.cuda or ""
    build = {"package": "torch", "version": str(torch.__version__), "cuda": cuda}
    return {"build": build, "devices": _try_out(devices, multiply)}


def _describe_gpu(torch: Any, index: int) -> Facts:
    facts = torch.cuda.get_device_properties(index)
    return {
        "index": index,
        "name": facts.name,
        "kind": "cuda",
        "capability": f"{facts.major}.{facts.minor}",
        "memory_bytes": facts.total_memory,
    }


def _ask_jax() -> Facts:
    jax = import_module("jax")
    majors = (major for major in JAX_CUDA if any(distributions(name=f"jax-cuda{major}-plugin")))
    try:
        gpus = [device for device in jax.local_devices() if device.platform == "gpu"]
    except (AssertionError, RuntimeError):  # No device that JAX_PLATFORMS names starts.
        gpus = []
    devices = [
        {
            "index": index,
            "name": gpu.device_kind,
            "kind": "cuda",
            "capability": gpu.compute_capability,
            "memory_bytes": (gpu.memory_stats() or {}).get("bytes_limit", 0),
        }
        for index, gpu in enumerate(gpus)
    ]

    def multiply(index: int) -> bool:
        numpy = import_module("numpy")
        numbers = numpy.arange(64, dtype=numpy.float32).reshape(8, 8)  # exact in any precision
        there = jax.device_put(numbers, gpus[index])
        return bool(numpy.array_equal(numpy.asarray(there @ there), numbers @ numbers))

    build = {"package": "jax", "version": version("jax"), "cuda": next(majors, "")}
    return {"build": build, "devices": _try_out(devices, multiply)}


def _try_out(devices: list[Facts], multiply: Callable[[int], bool]) -> list[Facts]:
    """Add to each device the error of a small matrix product, or an empty text."""
    for device in devices:
        try:
            is_right = multiply(device["index"])
            device["failure"] = "" if is_right else "it multiplies two small matrices wrongly"
        except RuntimeError as error:
            device["failure"] = _in_one_line(error)
    return devices


def _in_one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # The findings say the same.
    print(json.dumps(ask(sys.argv[1])))
