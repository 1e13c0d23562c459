"""Settings of a training that is over in a moment."""

from typing import Any

SMALL: dict[str, Any] = {"max_iter": 5, "threads": 1}
