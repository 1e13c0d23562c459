"""Settings of a short training, for tests."""

from typing import Any

SMALL: dict[str, Any] = {"n_estimators": 5, "threads": 1}
