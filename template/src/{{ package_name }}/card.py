"""What a registered model carries about itself, in its own folder, wherever it goes."""

from dataclasses import asdict, dataclass
from typing import Any

from .drift import Reference
from .environment import Environment


@dataclass(frozen=True)
class Card:
    """Facts that are written into a model when it is registered."""

    requirements: list[str]
    """Pins of the packages that it computes with, as pip reads them."""

    metadata: dict[str, Any]
    """The same facts as tables, each under its name."""


def make(environment: Environment, data_sha256: str, reference: Reference) -> Card:
    """Collect what is known when a training ends."""
    metadata = {
        "environment": asdict(environment),
        "data_sha256": data_sha256,
        "reference": reference.to_json(),
    }
    return Card(environment.requirements(), metadata)
