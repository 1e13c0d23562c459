"""Predictions over HTTP: the endpoints and their limits."""

import asyncio
import hmac
import ipaddress
import re
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Annotated, Any
from urllib.parse import urlsplit

import numpy as np
import pandas as pd
from asgi_correlation_id import CorrelationIdMiddleware, correlation_id
from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic_core import to_json
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import ClientDisconnect

from .. import data, metrics, model, schema
from ..errors import UserError
from ..settings import PROJECT
from .commands import Serve
from .deployment import Deployment, Facts, Slot
from .payload import Answer, Payload, Refusal, RefusedError
from .telemetry import Telemetry

REQUEST_ID = "X-Request-ID"
HIDDEN = "no model is loaded; see the log"
LOCAL = ("localhost", "127.0.0.1", "::1", "[::1]")
CLIENT_LEFT = 499  # As in nginx; only logs and metrics have it.

Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(HTTPBearer(auto_error=False))]


def create(slot: Slot, settings: Serve) -> FastAPI:
    """Create the application; the slot may still be without a model."""
    service, host = Service(slot, settings), settings.host
    app = FastAPI(title=PROJECT, lifespan=service.lifespan, redoc_url=None)
    guarded = [Depends(service.require_token)]
    app.get("/", include_in_schema=False)(lambda: RedirectResponse("docs"))
    app.get("/health")(service.health)
    app.get("/ready")(service.ready)
    app.get("/model", dependencies=guarded)(service.model)
    app.post("/reload", dependencies=[Depends(_refuse_other_origins), *guarded])(service.reload)
    described: dict[str, Any] = {"responses": {422: {"model": Refusal}}, "response_model": Answer}
    described["openapi_extra"] = service.payload.openapi()
    app.post("/predict", dependencies=guarded, **described)(service.predict)
    app.exception_handler(RefusedError)(_explain)
    app.exception_handler(Exception)(_fail)
    # The middleware that is added last runs first.
    app.add_middleware(RequestBodyLimitMiddleware, max_body_size=settings.max_body_bytes)
    hosts = settings.allowed_hosts or ([*LOCAL, host] if is_loopback(host) else ["*"])
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=hosts, www_redirect=False)
    service.telemetry.instrument(app)
    app.add_middleware(CorrelationIdMiddleware, header_name=REQUEST_ID, validator=_is_sane)
    return app


def is_loopback(host: str) -> bool:
    """Return whether an address is reachable from this machine only."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:  # A host name.
        return False


class Service:
    """The endpoints, one method each."""

    def __init__(self, slot: Slot, settings: Serve) -> None:
        self.payload = Payload(settings.max_rows)
        self.telemetry = Telemetry(slot)
        self._slot = slot
        self._settings = settings
        # Its own threads: after a timeout, a thread counts until its prediction ends.
        self._workers = ThreadPoolExecutor(settings.max_concurrency, "predict")

    @asynccontextmanager
    async def lifespan(self, _: FastAPI) -> AsyncIterator[None]:
        """Shut down the threads at the end."""
        yield
        self._workers.shutdown(wait=False, cancel_futures=True)

    async def require_token(self, given: Bearer) -> None:
        """Answer 401 if a token is set and the request lacks it."""
        if self._settings.serve_token and not self._is_trusted(given):
            raise HTTPException(401, "no valid bearer token", {"WWW-Authenticate": "Bearer"})

    async def health(self) -> dict[str, str]:
        """Report that the process runs."""
        return {"status": "alive"}

    async def ready(self, given: Bearer) -> dict[str, str]:
        """Report whether a model is loaded, else answer 503; the token reveals the reason."""
        reason = self._slot.reason
        if reason and not self._is_trusted(given):
            reason = "the last load failed; see the log" if self._slot.current else HIDDEN
        return {"status": "ready", "model": self._deployed(reason).uri, "reason": reason}

    async def model(self) -> Facts:
        """Return URI, training environment and data checksum of the model in use."""
        return self._deployed().describe()

    def reload(self) -> Facts:
        """Reload the model; if that fails, answer 409 and keep the previous one."""
        try:
            return self._slot.reload().describe()
        except UserError as error:
            raise HTTPException(409, str(error)) from None

    async def predict(self, request: Request) -> Response:
        """Predict the class and the probability of each class, or the number, of each row."""
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
        """Answer a request, in a worker thread; return the number of rows and the body."""
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
    """Answer 403 to a cross-origin request of a browser."""
    site, origin = (request.headers.get(name) for name in ("sec-fetch-site", "origin"))
    if site:  # Set by the browser; correct even behind a proxy that changes the host.
        is_foreign = site not in {"same-origin", "none"}
    else:
        is_foreign = bool(origin) and urlsplit(origin).netloc != request.headers.get("host")
    if is_foreign:
        raise HTTPException(403, "cross-origin requests may not do this")


def _is_sane(request_id: str) -> bool:
    """Return whether an ID is safe in a log and in a header."""
    return bool(re.fullmatch(r"[A-Za-z0-9._-]{1,64}", request_id))


async def _explain(_: Request, error: Exception) -> JSONResponse:
    problems = getattr(error, "problems", [])
    return JSONResponse({"detail": str(error), "problems": problems}, 422)


async def _fail(_: Request, __: Exception) -> JSONResponse:
    headers = {REQUEST_ID: correlation_id.get() or ""}
    return JSONResponse({"detail": "internal error; see the log"}, 500, headers)
