"""Watch the rows that a service sees, and tell when they drift from those of the training."""

from threading import Thread

import numpy as np
from numpy.typing import NDArray

from . import alerts
from .drift import Window
from .settings import Settings


class Watch:
    """One alert when the drift goes over its limit, and none before it has been below again."""

    def __init__(self, uri: str, window: Window, settings: Settings) -> None:
        self.window = window
        self._uri = uri
        self._settings = settings
        self._is_over = False

    def add(self, values: NDArray[np.float64]) -> None:
        """Take rows in, shape (n_rows, n_features); look at them when all of the window is new."""
        if self.window.add(values):
            Thread(target=self.judge).start()  # A webhook may take seconds; no request should.

    def judge(self) -> None:
        """Compare the feature that has drifted most with the limit."""
        name, value = max(self.window.psi().items(), key=lambda found: found[1])
        limit = self._settings.drift_limit
        was_over, self._is_over = self._is_over, value > limit
        if self._is_over and not was_over:
            told = f"the newest {self.window.n_rows} rows that {self._uri} sees are not like those"
            index = f"{name} has the stability index {value:.2f}, over drift_limit = {limit:g}"
            alerts.send(f"{told} of its training: {index}", self._settings)
