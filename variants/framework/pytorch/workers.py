"""Processes that share a training, as ``torchrun`` starts them; without it there is one.

Each has the whole network, drawn from the same seed, and computes the gradients of its part of
every batch. Their sum is that of the whole batch, so the weights are those of one process, but for
rounding and dropout.
"""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import distributed, nn


def is_leader() -> bool:
    """Say whether this process is the one that tracks and registers."""
    return _number() == 0


@contextmanager
def joined(device: torch.device) -> Iterator[None]:
    """Work together while the body runs, where there is more than one process."""
    if _count() == 1:
        yield
        return
    if not is_leader():
        logging.getLogger(__package__).setLevel(logging.WARNING)  # One of them tells how far it is.
    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield
        distributed.barrier()  # Nobody leaves while another one still talks.
    finally:
        distributed.destroy_process_group()


def part(batch: torch.Tensor) -> torch.Tensor:
    """Take this process's rows of a batch of row numbers, shape (n_rows,)."""
    return batch[_number() :: _count()]


def add_gradients(network: nn.Module) -> None:
    """Give every process the sum of all gradients."""
    if _count() > 1:
        for parameter in network.parameters():
            distributed.all_reduce(parameter.grad)


def local_number() -> int:
    """Number of this process on its machine, from 0: the GPU that is its own."""
    return int(os.environ.get("LOCAL_RANK", "0"))


def _number() -> int:
    return int(os.environ.get("RANK", "0"))


def _count() -> int:
    return int(os.environ.get("WORLD_SIZE", "1"))
