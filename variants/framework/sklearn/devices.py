"""What scikit-learn computes on: the CPU, and nothing else."""

from importlib.metadata import version

from .machine import Build, Device


def build() -> Build:
    """Describe the installed scikit-learn."""
    return Build(package="scikit-learn", version=version("scikit-learn"), cuda="")


def found() -> list[Device]:
    """List the devices beside the CPU: there are none."""
    return []


def try_out(device: Device) -> None:
    """Refuse: there is no device to try.

    Raises:
        ValueError: Always.
    """
    raise ValueError(f"device = {device.name!r}: scikit-learn computes on the CPU alone")
