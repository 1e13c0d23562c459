"""Answer predictions over HTTP, until the process is told to stop."""

import gc
import logging
import math
import signal
import threading
from contextlib import suppress
from types import FrameType

import uvicorn

from . import service, telemetry
from .deployment import Slot
from .settings import Settings

log = logging.getLogger(__name__)

LOCAL = {"127.0.0.1", "::1", "localhost"}


def serve(settings: Settings) -> None:
    """Serve a model; the process answers /health while the model is being loaded.

    SIGTERM lets running requests end, SIGHUP loads the model anew.

    Raises:
        ValueError: If the model cannot be loaded or may not be used here.
    """
    telemetry.log_as_json()
    if settings.serve_token is None and settings.host not in LOCAL:
        log.warning("anybody who reaches %s may use it: serve_token is not set", settings.host)
    slot = Slot(settings)
    server = uvicorn.Server(_configure(slot, settings))
    has_failed = threading.Event()

    def load_first() -> None:
        try:
            _reload(slot)
        finally:
            gc.freeze()  # What is there by now stays to the end.
            gc.enable()
            if slot.current is None:
                has_failed.set()
                server.should_exit = True

    def reload(_signal: int, _frame: FrameType | None) -> None:
        threading.Thread(target=_reload, args=[slot]).start()

    # uvicorn raises the signal once more when it is done; the default would fail the process.
    signal.signal(signal.SIGTERM, lambda _signal, _frame: None)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, reload)
    threading.Thread(target=load_first, daemon=True).start()
    server.run()
    if has_failed.is_set():
        raise ValueError(slot.complaint or "the model cannot be loaded; the log says more")


def _configure(slot: Slot, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        service.create(slot, settings),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=math.ceil(settings.request_timeout_s) + 1,
    )


def _reload(slot: Slot) -> None:
    """Load the model; the slot keeps what was wrong, and has logged it."""
    with suppress(ValueError):
        slot.reload()
