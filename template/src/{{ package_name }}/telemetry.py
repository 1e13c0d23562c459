"""What the service tells about itself: metrics for Prometheus, and logs, a JSON object a line."""

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from .deployment import Slot

# When a counter began would be a series of its own.
disable_created_metrics()  # type: ignore[no-untyped-call]

BUCKETS_S = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Telemetry:
    """Counters of one service."""

    def __init__(self, slot: Slot) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "http_requests", "Requests answered.", ["path", "status"], registry=self.registry
        )
        self._seconds = Histogram(
            "http_request_duration_seconds",
            "Time from a request's first byte to the last one of its answer.",
            ["path"],
            buckets=BUCKETS_S,
            registry=self.registry,
        )
        self._predictions = Counter(
            "model_predictions", "Rows predicted.", ["class"], registry=self.registry
        )
        self.registry.register(SlotCollector(slot))
        ProcessCollector(registry=self.registry)

    def count_request(self, path: str, status: int, duration_s: float) -> None:
        """Count an answered request."""
        self._requests.labels(path, str(status)).inc()
        self._seconds.labels(path).observe(duration_s)

    def count_predictions(self, classes: NDArray[np.int64]) -> None:
        """Count predicted rows, shape (n_rows,)."""
        for name, n_rows in zip(*np.unique(classes, return_counts=True), strict=True):
            self._predictions.labels(str(name)).inc(int(n_rows))


class SlotCollector(Collector):
    """Tell, when Prometheus asks, which model serves, and how far its rows have drifted."""

    def __init__(self, slot: Slot) -> None:
        self._slot = slot

    def collect(self) -> Iterator[Metric]:
        """Compute the drift of the model that serves at this moment."""
        loads = CounterMetricFamily("model_loads", "Loads of a model.", labels=["result"])
        for result, n_loads in self._slot.n_loads.items():
            loads.add_metric([result], n_loads)
        yield loads

        info = GaugeMetricFamily("model_info", "The model that serves.", labels=["uri"])
        n_rows = GaugeMetricFamily("model_drift_rows", "Rows that the drift is taken of.")
        drift = GaugeMetricFamily(
            "model_feature_drift_psi",
            "Population stability index of the newest rows; absent until there are enough.",
            labels=["feature"],
        )
        if deployed := self._slot.current:
            info.add_metric([deployed.uri], 1)
            if deployed.watch:
                n_rows.add_metric([], deployed.watch.window.n_rows)
                for name, value in deployed.watch.window.psi().items():
                    drift.add_metric([name], value)
        yield from (info, n_rows, drift)


class JsonFormatter(logging.Formatter):
    """One JSON object a record; what ``extra={"facts": ...}`` holds stands beside the message."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""
        told = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        told |= getattr(record, "facts", {})
        if record.exc_info:
            told["exception"] = self.formatException(record.exc_info)
        return json.dumps(told, ensure_ascii=False)


def log_as_json() -> None:
    """Write every log, uvicorn's too, as JSON to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
