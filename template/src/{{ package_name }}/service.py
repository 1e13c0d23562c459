"""Predictions over HTTP: the endpoints. The model and the counters come from elsewhere."""

import asyncio
import hmac
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from . import model, payload, predictions
from .deployment import Deployment, Slot
from .middleware import REQUEST_ID, Middleware
from .payload import BadPayloadError, Payload
from .settings import PROJECT, Service
from .telemetry import Telemetry

JSON = "application/json"
TIMED = ("/health", "/ready", "/model", "/metrics", "/predict")
"""Paths with a time limit; to load a model takes what it takes."""


def create(slot: Slot, rule: Service) -> FastAPI:
    """Build the application around the slot of a model; the slot may be empty as yet."""
    answers = Answers(slot, rule)
    # The pages that FastAPI offers beside openapi.json take their scripts from elsewhere.
    app = FastAPI(title=PROJECT, lifespan=answers.lifespan, docs_url=None, redoc_url=None)
    guarded = [Depends(_make_guard(rule))]
    app.get("/health")(answers.health)
    app.get("/ready")(answers.ready)
    app.get("/metrics")(answers.metrics)
    app.get("/model", dependencies=guarded)(answers.model)
    app.post("/reload", dependencies=guarded)(answers.reload)
    app.post("/predict", dependencies=guarded, openapi_extra=answers.body())(answers.predict)
    app.exception_handler(BadPayloadError)(_refuse)
    app.exception_handler(Exception)(_fail)
    limits_s: dict[str, float | None] = dict.fromkeys(TIMED, rule.request_timeout_s)
    limits_s["/reload"] = None
    app.add_middleware(Middleware, telemetry=answers.telemetry, limits_s=limits_s)
    return app


class Answers:
    """The endpoints, a method each."""

    def __init__(self, slot: Slot, rule: Service) -> None:
        self.telemetry = Telemetry(slot)
        self._slot = slot
        self._max_body_bytes = rule.max_body_bytes
        self._requests = Payload(rule.max_rows)
        # Threads of its own: one that computes for a request that was given up still counts.
        self._workers = ThreadPoolExecutor(rule.max_concurrency, thread_name_prefix="predict")

    @asynccontextmanager
    async def lifespan(self, _: FastAPI) -> AsyncIterator[None]:
        """Let go of the threads at the end."""
        yield
        self._workers.shutdown(wait=False, cancel_futures=True)

    async def health(self) -> dict[str, str]:
        """Tell that the process is alive."""
        return {"status": "alive"}

    async def ready(self) -> dict[str, str]:
        """Tell whether there is a model that may be used here: 503 if not."""
        return {"status": "ready", "model": self._deployed().uri, "complaint": self._slot.complaint}

    def metrics(self) -> Response:
        """Tell Prometheus what was counted."""
        return Response(generate_latest(self.telemetry.registry), media_type=CONTENT_TYPE_LATEST)

    async def model(self) -> dict[str, str | None]:
        """Tell which model serves, and what made it."""
        return self._deployed().describe()

    def reload(self) -> dict[str, str | None]:
        """Load the model anew and exchange it; 409 if that fails, and the old one goes on."""
        try:
            return self._slot.reload().describe()
        except ValueError as error:
            raise HTTPException(409, str(error)) from None

    async def predict(self, request: Request) -> Response:
        """Predict the class of each row, and the probability of each class."""
        deployed = self._deployed()
        body = await _read(request, self._max_body_bytes)
        work = asyncio.get_running_loop().run_in_executor
        n_rows, answer = await work(self._workers, self._answer, deployed, body)
        request.state.facts = {"n_rows": n_rows}
        return Response(answer, media_type=JSON)

    def body(self) -> dict[str, Any]:
        """Describe the body of a request to predict, for OpenAPI."""
        content = {JSON: {"schema": self._requests.json_schema()}}
        return {"requestBody": {"required": True, "content": content}}

    def _answer(self, deployed: Deployment, body: bytes) -> tuple[int, bytes]:
        """Go from the bytes of a request to those of its answer, off the event loop."""
        features = self._requests.read(body)
        probabilities = model.predict_proba(deployed.model, features)
        if deployed.watch:
            deployed.watch.add(features.to_numpy())
        self.telemetry.count_predictions(predictions.classes(probabilities))
        return len(features), payload.answer(deployed.uri, probabilities)

    def _deployed(self) -> Deployment:
        if self._slot.current is None:
            told = self._slot.complaint or "the model is being loaded"
            raise HTTPException(503, told, {"Retry-After": "5"})
        return self._slot.current


async def _refuse(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, BadPayloadError)  # noqa: S101  (what it is registered for)
    problems = [vars(problem) for problem in error.problems]
    return JSONResponse({"detail": str(error), "problems": problems}, 422)


async def _fail(request: Request, _: Exception) -> JSONResponse:
    headers = {REQUEST_ID: request.state.request_id}
    return JSONResponse({"detail": "internal error; the log says more"}, 500, headers)


async def _read(request: Request, max_bytes: int) -> bytes:
    """Collect a body, and stop where it is too long: what a header says of it may be wrong."""
    too_long = HTTPException(413, f"the body is longer than max_body_bytes = {max_bytes}")
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > max_bytes:
        raise too_long
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > max_bytes:
            raise too_long
    return bytes(body)


def _make_guard(rule: Service) -> Any:
    """Make the dependency that asks for the token, if there is one."""
    bearer = HTTPBearer(auto_error=False)
    expected = rule.serve_token.get_secret_value().encode() if rule.serve_token else b""

    async def guard(
        given: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
    ) -> None:
        told = given.credentials.encode() if given else b""
        if expected and not hmac.compare_digest(told, expected):
            raise HTTPException(401, "a bearer token is needed", {"WWW-Authenticate": "Bearer"})

    return guard
