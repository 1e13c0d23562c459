"""Predictions over HTTP: the endpoints and their limits."""

import asyncio
import hmac
import ipaddress
import re
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Annotated
from urllib.parse import urlsplit

import numpy as np
import pandas as pd
from asgi_correlation_id import CorrelationIdMiddleware, correlation_id
from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic_core import to_json
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import ClientDisconnect

from .. import data, metrics, model, schema
from ..errors import UserError
from ..settings import PROJECT
from .commands import Serve
from .deployment import Deployment, Slot
from .payload import Payload, RefusedError
from .telemetry import Telemetry

REQUEST_ID = "X-Request-ID"
HIDDEN = "no model is ready; the log says why"
LOCAL = ("localhost", "127.0.0.1", "::1", "[::1]")
CLIENT_LEFT = 499  # As nginx calls it: in logs and metrics alone.

Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(HTTPBearer(auto_error=False))]


def create(slot: Slot, settings: Serve) -> FastAPI:
    """Build the application around the slot of a model, which may be empty at first."""
    service, host = Service(slot, settings), settings.host
    app = FastAPI(title=PROJECT, lifespan=service.lifespan, redoc_url=None)
    guarded = [Depends(service.require_token)]
    app.get("/health")(service.health)
    app.get("/ready")(service.ready)
    app.get("/model", dependencies=guarded)(service.model)
    app.post("/reload", dependencies=[Depends(_refuse_other_origins), *guarded])(service.reload)
    app.post("/predict", dependencies=guarded, openapi_extra=service.payload.openapi())(
        service.predict
    )
    app.exception_handler(RefusedError)(_explain)
    app.exception_handler(Exception)(_fail)
    # The last one is the outermost.
    app.add_middleware(RequestBodyLimitMiddleware, max_body_size=settings.max_body_bytes)
    hosts = settings.allowed_hosts or ([*LOCAL, host] if is_loopback(host) else ["*"])
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=hosts, www_redirect=False)
    service.telemetry.instrument(app)
    app.add_middleware(CorrelationIdMiddleware, header_name=REQUEST_ID, validator=_is_sane)
    return app


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:  # The name of a machine.
        return False


class Service:
    """The endpoints, a method each."""

    def __init__(self, slot: Slot, settings: Serve) -> None:
        self.payload = Payload(settings.max_rows)
        self.telemetry = Telemetry(slot)
        self._slot = slot
        self._settings = settings
        # Threads of its own: one whose request was given up still counts until it is done.
        self._workers = ThreadPoolExecutor(settings.max_concurrency, "predict")

    @asynccontextmanager
    async def lifespan(self, _: FastAPI) -> AsyncIterator[None]:
        """Stop the threads at the end."""
        yield
        self._workers.shutdown(wait=False, cancel_futures=True)

    async def require_token(self, given: Bearer) -> None:
        """Answer 401 unless the token was sent, if there is one."""
        if self._settings.serve_token and not self._is_trusted(given):
            raise HTTPException(401, "a bearer token is needed", {"WWW-Authenticate": "Bearer"})

    async def health(self) -> dict[str, str]:
        """Report that the process is alive."""
        return {"status": "alive"}

    async def ready(self, given: Bearer) -> dict[str, str]:
        """Report whether there is a model, 503 if not; the reason needs the token."""
        reason = self._slot.reason
        if reason and not self._is_trusted(given):
            reason = "the last load failed; the log says why" if self._slot.current else HIDDEN
        return {"status": "ready", "model": self._deployed(reason).uri, "reason": reason}

    async def model(self) -> dict[str, str | None]:
        """Report which model serves, and what made it."""
        return self._deployed().describe()

    def reload(self) -> dict[str, str | None]:
        """Load the model again and replace it; if that fails, 409, and the old one stays."""
        try:
            return self._slot.reload().describe()
        except UserError as error:
            raise HTTPException(409, str(error)) from None

    async def predict(self, request: Request) -> Response:
        """Predict each row: its class, and the probability of each class."""
        deployed = self._deployed()
        run = asyncio.get_running_loop().run_in_executor
        limit = asyncio.timeout(self._settings.request_timeout_s)
        try:
            async with limit:
                body = await request.body()
                n_rows, answer = await run(self._workers, self._answer, deployed, body)
        except TimeoutError:
            if not limit.expired():
                raise
            text = f"longer than request_timeout_s = {self._settings.request_timeout_s:g}"
            raise HTTPException(504, text) from None
        except ClientDisconnect:
            return Response(status_code=CLIENT_LEFT)
        request.state.facts = {"n_rows": n_rows}
        return Response(answer, media_type="application/json")

    def _answer(self, deployed: Deployment, body: bytes) -> tuple[int, bytes]:
        """Turn the body of a request into that of its answer, in a worker thread."""
        sent = self.payload.read(body)
        features = data.prepare(sent.table)
        predictions = model.predict(deployed.model, features)
        deployed.watch(features)
        table = metrics.table(predictions)
        names = table["prediction"] if schema.CLASSES else np.full(len(table), "number")
        for name, n_rows in zip(*np.unique(names, return_counts=True), strict=True):
            self.telemetry.predictions.labels(str(name)).inc(int(n_rows))
        if sent.ids is not None:
            table.insert(0, schema.ID, pd.Series(sent.ids, dtype=object))
        answer = {"model": deployed.uri, "predictions": table.to_dict("records")}
        if sent.ignored:
            answer["ignored"] = sent.ignored
        return len(features), to_json(answer)

    def _deployed(self, reason: str = HIDDEN) -> Deployment:
        if self._slot.current is None:
            raise HTTPException(503, reason, {"Retry-After": "5"})
        return self._slot.current

    def _is_trusted(self, given: HTTPAuthorizationCredentials | None) -> bool:
        token = self._settings.serve_token
        if token is None or given is None:
            return False
        return hmac.compare_digest(given.credentials.encode(), token.get_secret_value().encode())


def _refuse_other_origins(request: Request) -> None:
    """Answer 403 to a request that a web page of another origin makes in a user's browser."""
    site, origin = (request.headers.get(name) for name in ("sec-fetch-site", "origin"))
    if site:  # Comes from the browser, and stays right behind a proxy that changes the host.
        is_foreign = site not in {"same-origin", "none"}
    else:
        is_foreign = bool(origin) and urlsplit(origin).netloc != request.headers.get("host")
    if is_foreign:
        raise HTTPException(403, "a page of another origin may not do this")


def _is_sane(request_id: str) -> bool:
    """Whether an id may stand in a log and in a header."""
    return bool(re.fullmatch(r"[A-Za-z0-9._-]{1,64}", request_id))


async def _explain(_: Request, error: Exception) -> JSONResponse:
    problems = getattr(error, "problems", [])
    return JSONResponse({"detail": str(error), "problems": problems}, 422)


async def _fail(_: Request, __: Exception) -> JSONResponse:
    headers = {REQUEST_ID: correlation_id.get() or ""}
    return JSONResponse({"detail": "internal error; the log says more"}, 500, headers)
