"""Processes that share a training: with JAX there is one."""


def is_leader() -> bool:
    """Say whether this process is the one that tracks and registers: it is the only one."""
    return True
