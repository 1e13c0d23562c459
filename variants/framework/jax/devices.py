"""What JAX says of its build and of the devices that it can compute on; no models here."""

import logging
import os
from importlib.metadata import distributions, version

# JAX reads these when it starts its first device, which is later than any import.
os.environ.setdefault("XLA_FLAGS", "--xla_gpu_deterministic_ops=true")
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # true takes 3/4 of a GPU's memory

import jax
import numpy as np

from .machine import Build, Device

log = logging.getLogger(__name__)
logging.getLogger("jax").setLevel(logging.WARNING)  # below it, JAX tells which TPUs are not there

MAJORS = ("13", "12")
"""Versions of CUDA that JAX has a plugin for, the newest first."""


def build() -> Build:
    """Describe the installed JAX; a plugin beside it brings CUDA."""
    majors = (major for major in MAJORS if any(distributions(name=f"jax-cuda{major}-plugin")))
    return Build(package="jax", version=version("jax"), cuda=next(majors, ""))


def found() -> list[Device]:
    """List the GPUs."""
    return [_describe(index, device) for index, device in enumerate(_gpus())]


def try_out(device: Device) -> None:
    """Multiply two small matrices on a device.

    Raises:
        RuntimeError: If the device fails, or gives another product than it should.
    """
    numbers = np.arange(64, dtype=np.float32).reshape(8, 8)  # small: exact in any precision
    there = jax.device_put(numbers, _gpus()[device.index])
    product = np.asarray(there @ there)
    if not np.array_equal(product, numbers @ numbers):
        raise RuntimeError(f"{device.name} multiplies two small matrices wrongly")


def cpu() -> jax.Device:
    """Return the CPU, also where a GPU fails to start."""
    _gpus()  # JAX starts all devices at once. A GPU fails only the first time.
    return jax.local_devices(backend="cpu")[0]


def _gpus() -> list[jax.Device]:
    try:
        return [device for device in jax.local_devices() if device.platform == "gpu"]
    except RuntimeError as error:
        log.warning("JAX starts no GPU: %s", error)
    except AssertionError:  # how JAX says that nothing which JAX_PLATFORMS names is there
        log.warning("JAX starts no GPU: JAX_PLATFORMS names none that is there")
    return []


def _describe(index: int, device: jax.Device) -> Device:
    memory = device.memory_stats() or {}
    return Device(
        index=index,
        name=device.device_kind,
        kind="cuda",
        capability=device.compute_capability,
        memory_bytes=memory.get("bytes_limit", 0),  # the share that JAX takes at most
    )
