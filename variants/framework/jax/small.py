"""Settings of a training that takes a moment."""

from typing import Any

SMALL: dict[str, Any] = {"epochs": 1, "n_channels": 4, "device": "cpu"}
