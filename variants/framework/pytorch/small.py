"""Settings of a short training, for tests."""

from typing import Any

SMALL: dict[str, Any] = {"epochs": 1, "n_hidden": 8, "device": "cpu"}
