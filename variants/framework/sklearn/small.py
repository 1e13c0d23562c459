"""Settings of a training that takes a moment."""

from typing import Any

SMALL: dict[str, Any] = {"max_iter": 5, "threads": 1}
