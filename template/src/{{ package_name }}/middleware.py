"""What every request passes: an id, a time limit, a line in the log, the counters. Plain ASGI."""

import asyncio
import logging
import re
from time import perf_counter
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .telemetry import Telemetry

log = logging.getLogger(__name__)

REQUEST_ID = "X-Request-ID"
SANE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
"""An id that may stand in a log and in a header."""

CLIENT_LEFT = 499
"""Status in logs and counters if nobody waits for the answer; nginx writes the same."""


class Middleware:
    """Around the whole service, so that no request goes past it."""

    def __init__(
        self, app: ASGIApp, telemetry: Telemetry, limits_s: dict[str, float | None]
    ) -> None:
        self._app = app
        self._telemetry = telemetry
        self._limits_s = limits_s
        """Time limit of each path; a path that is missing is unknown."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start = perf_counter()
        given = Headers(scope=scope).get(REQUEST_ID, "")
        request_id = given if SANE_ID.fullmatch(given) else uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[REQUEST_ID] = request_id
            await send(message)

        limit = asyncio.timeout(self._limits_s.get(scope["path"]))
        try:
            async with limit:
                await self._app(scope, receive, send_with_id)
        except TimeoutError:
            if not limit.expired() or status:
                raise
            limit_s = self._limits_s[scope["path"]]
            told = {"detail": f"it took longer than request_timeout_s = {limit_s:g}"}
            await JSONResponse(told, 504)(scope, receive, send_with_id)
        except ClientDisconnect:
            status = CLIENT_LEFT
        finally:
            self._record(scope, request_id, status or 500, perf_counter() - start)

    def _record(self, scope: Scope, request_id: str, status: int, duration_s: float) -> None:
        # A path that does not exist is no label: there would be as many as a scanner tries.
        path = scope["path"] if scope["path"] in self._limits_s else "other"
        self._telemetry.count_request(path, status, duration_s)
        facts = {
            "request_id": request_id,
            "method": scope["method"],
            "path": scope["path"],
            "status": status,
            "duration_ms": round(duration_s * 1000, 3),
            **scope.get("state", {}).get("facts", {}),
        }
        log.info("request", extra={"facts": facts})
