"""Observability of the service: metrics for Prometheus, and logs as text or JSON."""

import logging
import sys
from collections.abc import Iterator
from typing import Any

from asgi_correlation_id import CorrelationIdFilter
from fastapi import FastAPI
from prometheus_client import CollectorRegistry, Counter, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_fastapi_instrumentator import Instrumentator, metrics
from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.json import JsonFormatter

from .deployment import Slot

log = logging.getLogger(__name__)

BUCKETS_S = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Telemetry(Collector):
    """Metrics of one service; those of its model are computed at each scrape."""

    def __init__(self, slot: Slot) -> None:
        self.registry = CollectorRegistry()
        self.predictions = Counter(
            "model_predictions", "Predicted rows.", ["class"], registry=self.registry
        )
        self._slot = slot
        self.registry.register(self)
        ProcessCollector(registry=self.registry)

    def instrument(self, app: FastAPI) -> None:
        """Count and log each request, and expose /metrics."""
        # Not by method: clients may send any, and each would add a time series.
        options: dict[str, Any] = {"should_include_method": False, "registry": self.registry}
        found = Instrumentator(should_group_status_codes=False, registry=self.registry)
        found.add(metrics.requests(**options), _log_request)
        found.add(metrics.latency(**options, should_include_status=False, buckets=BUCKETS_S))
        found.instrument(app).expose(app)

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics of the model in use, and its drift."""
        loads = CounterMetricFamily("model_loads", "Model loads.", labels=["result"])
        for result, n_loads in self._slot.n_loads.items():
            loads.add_metric([result], n_loads)
        info = GaugeMetricFamily("model_info", "Model in use.", labels=["uri"])
        drift = GaugeMetricFamily(
            "model_feature_drift_psi",
            "Population stability index of the newest rows; absent until there are enough.",
            labels=["feature"],
        )
        if deployed := self._slot.current:
            info.add_metric([deployed.uri], 1)
            if deployed.window:
                for name, value in deployed.window.psi().items():
                    drift.add_metric([name], value)
        yield from (loads, info, drift)


class _Json(JsonFormatter):
    def serialize_log_record(self, log_data: dict[str, Any]) -> str:
        return super().serialize_log_record(log_data).replace("\x7f", "\\u007f")


class _Text(JsonFormatter):
    def serialize_log_record(self, log_data: dict[str, Any]) -> str:
        """Write a line for people: time, level, message, and the other fields that have a value."""
        trace = log_data.pop("exc_info", "")
        words = [f"{log_data.pop('time'):%H:%M:%S}", log_data.pop("level"), log_data.pop("message")]
        words += [f"{key}={value}" for key, value in log_data.items() if value and key != "logger"]
        # Escape control characters, which a client could send to the terminal in a path.
        line = "".join(one if one.isprintable() else repr(one)[1:-1] for one in " ".join(words))
        return f"{line}\n{trace}" if trace else line


def configure_logs() -> None:
    """Write logs to standard error: text on a terminal, else one JSON object per line in ASCII."""
    names = {"levelname": "level", "name": "logger", "correlation_id": "request_id"}
    make = _Text if sys.stderr.isatty() else _Json
    handler = logging.StreamHandler()
    handler.addFilter(CorrelationIdFilter())
    handler.setFormatter(
        make(
            [*names, "message"],
            timestamp="time",
            rename_fields=names,
            reserved_attrs=[*RESERVED_ATTRS, "color_message"],
        )
    )
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)


def _log_request(info: metrics.Info) -> None:
    scope = info.request.scope
    facts = {"method": info.method, "path": scope["path"], "status": int(info.modified_status)}
    facts["duration_ms"] = round(info.modified_duration * 1000, 3)
    log.info("request", extra=facts | scope.get("state", {}).get("facts", {}))
