"""Settings of a training that takes a moment."""

from typing import Any

SMALL: dict[str, Any] = {"n_estimators": 5, "threads": 1}
