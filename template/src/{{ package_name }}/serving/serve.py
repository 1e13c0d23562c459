"""Serve a model until the process is stopped."""

import math
import signal
import threading

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ..errors import UserError
from . import service, telemetry
from .commands import Serve
from .deployment import Slot

MAX_HEADER_BYTES = 2**16


class Protocol(HttpToolsProtocol):
    """HTTP parser with a limit on the size of the headers, which httptools lacks.

    (uvicorn's other parser has one, but is slow with many small chunks of a body.)
    """

    n_header_bytes = 0

    def data_received(self, data: bytes) -> None:
        """Process received bytes; close the connection if the headers are too long."""
        super().data_received(data)
        is_in_headers = "method" not in (getattr(self, "scope", None) or {})
        self.n_header_bytes = self.n_header_bytes + len(data) if is_in_headers else 0
        if self.n_header_bytes > MAX_HEADER_BYTES and not self.transport.is_closing():
            self.send_400_response("The headers are too long.")


def serve(settings: Serve) -> None:
    """Serve a model until SIGTERM or Ctrl-C; running requests may finish.

    ``/health`` answers while the model loads.

    Raises:
        UserError: If other machines could connect without a token, or the model cannot be used.
    """
    is_guarded = bool(settings.serve_token) or settings.behind_proxy
    if not is_guarded and not service.is_loopback(settings.host):
        raise UserError(
            f"host = {settings.host} is open to other machines: set serve_token, "
            "or behind_proxy if a proxy controls access"
        )
    telemetry.configure_logs()
    slot = Slot(settings)
    config = uvicorn.Config(
        service.create(slot, settings),
        host=settings.host,
        port=settings.port,
        http=Protocol,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=settings.max_connections,
        timeout_graceful_shutdown=math.ceil(settings.request_timeout_s) + 1,
    )
    server = uvicorn.Server(config)
    failures: list[BaseException] = []

    def load() -> None:
        try:
            slot.reload()
        except BaseException as error:  # noqa: BLE001  (raised again below, with its traceback)
            failures.append(error)
            server.should_exit = True

    signal.signal(signal.SIGTERM, lambda *_: None)  # uvicorn raises it again at its end.
    threading.Thread(target=load, daemon=True).start()
    server.run()
    if failures:
        raise failures[0]
