"""The model that is served: loaded, checked against this environment, exchanged while it serves."""

import logging
import threading
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd

from . import environment, model, registry, tracking
from .drift import Reference, Window
from .environment import Environment
from .schema import FEATURES
from .settings import Settings
from .watch import Watch

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Deployment:
    """A model that serves, and what is known about it."""

    uri: str
    """Its version in the store, or the folder of a model that never was in one."""

    model: Any
    """What ``model.load`` gave."""

    metadata: dict[str, Any]
    """What the model carries about itself."""

    watch: Watch | None
    """Over the rows that it sees; none if it does not carry those of its training."""

    def describe(self) -> dict[str, str | None]:
        """Tell which model this is, and what made it."""
        name, _, version = self.uri.removeprefix("models:/").rpartition("/")
        is_registered = self.uri.startswith("models:/")
        made_with = self.metadata.get("environment")
        return {
            "uri": self.uri,
            "name": name if is_registered else None,
            "version": version if is_registered else None,
            "environment": Environment.of(made_with).fingerprint if made_with else None,
            "data_sha256": self.metadata.get("data_sha256"),
        }


def load(settings: Settings) -> Deployment:
    """Load the model of the settings, and have it predict once.

    Raises:
        ValueError: If there is no such model, or it may not be used here.
    """
    start = perf_counter()
    with tracking.source(settings.model, settings) as uri:
        metadata = tracking.metadata(uri)
        allowed = settings.allow_environment_drift
        environment.check(uri, metadata, is_drift_allowed=allowed)
        fitted = model.load(uri)
    uri = registry.exported(uri)
    # The first prediction compiles, and a model that fails must not replace one that works.
    model.predict_proba(fitted, pd.DataFrame(np.zeros((1, len(FEATURES))), columns=list(FEATURES)))
    watch = None
    if "reference" in metadata:
        window = Window(Reference.read(metadata["reference"]), settings.drift_rows)
        watch = Watch(uri, window, settings)
    else:
        log.warning("%s does not carry its training's rows: drift is not measured", uri)
    log.info("loaded %s in %.1f s", uri, perf_counter() - start)
    return Deployment(uri, fitted, metadata, watch)


class Slot:
    """The place of the one model that serves; a request keeps the model that it began with."""

    def __init__(self, settings: Settings) -> None:
        self.current: Deployment | None = None
        self.complaint = ""
        """What went wrong with the last load; empty if nothing did."""

        self.n_loads = {"done": 0, "refused": 0}
        self._settings = settings
        self._lock = threading.Lock()

    def reload(self) -> Deployment:
        """Load the model anew beside the one that serves, then exchange them.

        Raises:
            ValueError: If it cannot be loaded or may not be used here; the old one goes on.
        """
        with self._lock:
            try:
                self.current = load(self._settings)
            except (ImportError, ValueError, OSError) as error:
                self.n_loads["refused"] += 1
                kept = f"; {self.current.uri} goes on" if self.current else ""
                self.complaint = f"{error}{kept}"
                log.error("%s", self.complaint)
                raise ValueError(self.complaint) from error
            self.complaint = ""
            self.n_loads["done"] += 1
            return self.current
