"""Settings of a short training, for tests."""

from typing import Any

SMALL: dict[str, Any] = {"max_iter": 5, "threads": 1}
