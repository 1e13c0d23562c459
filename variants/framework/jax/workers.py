"""Devices and processes that share a training: every GPU of every process that is started for it.

Each device has the whole network and computes the gradients of its part of every batch; XLA adds
them up. Processes are numbered by the variables that ``torchrun`` and launchers like it set.
"""

import logging
import os
from collections.abc import Iterator
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

NEEDED = ("RANK", "MASTER_ADDR", "MASTER_PORT")
"""Variables of a process that is one of several."""


def is_leader() -> bool:
    """Say whether this process is the one that tracks and registers."""
    return _number() == 0


def join() -> None:
    """Find the other processes, if there are any; JAX must not have looked for devices before.

    Raises:
        ValueError: If the environment leaves out which process this is or where the first is.
    """
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1 or jax.distributed.is_initialized():
        return
    if missing := [name for name in NEEDED if name not in os.environ]:
        raise ValueError(f"WORLD_SIZE = {count}: {', '.join(missing)} must be set as well")
    if not is_leader():
        logging.getLogger(__package__).setLevel(logging.WARNING)  # One of them tells how far it is.
    meeting_point = f"{os.environ['MASTER_ADDR']}:{os.environ['MASTER_PORT']}"
    mine = [int(os.environ["LOCAL_RANK"])] if "LOCAL_RANK" in os.environ else None
    jax.distributed.initialize(meeting_point, count, _number(), mine)


class Team:
    """All devices of one kind; arrays lie whole on each of them, or a part on each."""

    def __init__(self, device: jax.Device) -> None:
        mesh = Mesh(np.array(jax.devices(device.platform)), ("rows",))
        self.device = device
        self._n_devices = mesh.size
        self._whole = NamedSharding(mesh, PartitionSpec())  # type: ignore[no-untyped-call]
        self._parted = NamedSharding(mesh, PartitionSpec("rows"))  # type: ignore[no-untyped-call]

    def copy(self, arrays: Any) -> Any:
        """Put arrays, which are the same in every process, on each device."""
        return jax.device_put(jax.tree.map(np.asarray, arrays), self._whole)

    def deal(self, order: jax.Array, batch_size: int) -> Iterator[jax.Array]:
        """Deal row numbers out to batches, of which each device has a part; -1 fills them up."""
        batch_size = min(batch_size, len(order))
        filled = np.pad(order, (0, -len(order) % batch_size), constant_values=-1)
        for batch in filled.reshape(-1, batch_size):
            even = np.pad(batch, (0, -batch_size % self._n_devices), constant_values=-1)
            yield jax.device_put(even, self._parted)


def _number() -> int:
    return int(os.environ.get("RANK", "0"))
