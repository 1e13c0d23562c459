"""What PyTorch says of its build and of the devices that it can compute on; no models here."""

import logging

import torch

from . import doctor, workers
from .machine import Build, Device

log = logging.getLogger(__name__)


def build() -> Build:
    """Describe the installed PyTorch."""
    return Build(package="torch", version=str(torch.__version__), cuda=torch.version.cuda or "")


def found() -> list[Device]:
    """List the devices of the accelerator that is there, such as CUDA or Apple's MPS."""
    accelerator = torch.accelerator.current_accelerator(check_available=True)
    if accelerator is None:
        return []
    if accelerator.type == "cuda":
        return [_describe(index) for index in range(torch.cuda.device_count())]
    name = f"{accelerator.type.upper()} device"
    return [Device(index=0, name=name, kind=accelerator.type, capability="", memory_bytes=0)]


def choose(asked: str) -> torch.device:
    """Choose where a training runs; each process that shares it has a GPU of its own.

    Raises:
        ValueError: If there is no such device.
    """
    here = next((device.kind for device in found()), "cpu")
    if asked not in {"auto", "cpu", here}:
        problem = doctor.first_problem() if asked == "cuda" else ""
        there = f"here is only {here!r}; try 'auto'"
        raise ValueError(f"device = {asked!r}: {problem or there}")
    if asked == "auto" and here == "cpu" and build().cuda:
        log.warning("training on the CPU: %s", doctor.first_problem() or "PyTorch finds no GPU")
    kind = "cpu" if asked == "cpu" else here
    return torch.device(kind, workers.local_number()) if kind == "cuda" else torch.device(kind)


def try_out(device: Device) -> None:
    """Multiply two small matrices on a device.

    Raises:
        RuntimeError: If the device fails, or gives another product than it should.
    """
    numbers = torch.arange(64, dtype=torch.float32).reshape(8, 8)  # small: exact in any precision
    there = numbers.to(torch.device(device.kind, device.index))
    product = (there @ there).cpu()
    if not torch.equal(product, numbers @ numbers):
        raise RuntimeError(f"{device.name} multiplies two small matrices wrongly")


def _describe(index: int) -> Device:
    facts = torch.cuda.get_device_properties(index)
    return Device(
        index=index,
        name=facts.name,
        kind="cuda",
        capability=f"{facts.major}.{facts.minor}",
        memory_bytes=facts.total_memory,
    )
