"""The way from rows to a champion as one pipeline; a step whose inputs are the same is skipped.

Each step has the results of those before it. What they were is kept in a small file, written after
each step: a pipeline that was stopped goes on where it was.
"""

import hashlib
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import data, registry, tracking
from .evaluate import evaluate
from .promote import promote
from .settings import Settings
from .sources import masked
from .train import train

STATE = Path("models/pipeline.json")
"""Digest of each step's inputs, and its result."""

NOTHING_KNOWN = (FileNotFoundError, json.JSONDecodeError)


def run(settings: Settings) -> str:
    """Read the rows, train, evaluate and promote, each only if something changed.

    Returns:
        A table: each step, how long it took or that it was cached, and its result.

    Raises:
        ValueError: What the first step that fails says.
    """
    digest = data.digest(data.read(settings.data_path))
    rows = f"data      {'read':>8}  {settings.data_path} {digest[:16]}"

    made_by = {"code": _code(), "store": masked(settings.tracking_uri), "data": digest}
    known = _read().get("train", {}).get("result", "")
    inputs = made_by | {"settings": settings.model_dump(mode="json")}
    may_skip = _exists(known, settings)
    uri, trained = _once("train", inputs, lambda: train(settings)[0], may_skip=may_skip)

    candidate = settings.model_copy(update={"model": uri})
    wanted = {"thresholds": settings.thresholds, "gains": settings.gains}
    inputs = {**made_by, **wanted, "model": uri, "rival": _rival(candidate)}
    _, evaluated = _once("evaluate", inputs, lambda: evaluate(candidate))
    _, promoted = _once("promote", inputs, lambda: promote(candidate))
    return f"{rows}\n{trained}\n{evaluated}\n{promoted}"


def _once(
    name: str, inputs: dict[str, Any], work: Callable[[], str], *, may_skip: bool = True
) -> tuple[str, str]:
    """Do a step, unless the last result came of the same inputs; return it, and a line of it."""
    key = hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()
    done, began = _read(), time.monotonic()
    if may_skip and done.get(name, {}).get("inputs") == key:
        result, how = done[name]["result"], "cached"
    else:
        result = work()
        known = done | {name: {"inputs": key, "result": result}}
        data.write_text(json.dumps(known, indent=2), STATE)
        how = f"{time.monotonic() - began:.1f} s"
    return result, f"{name:10}{how:>8}  {result}"


def _read() -> dict[str, dict[str, str]]:
    """Return what the last pipeline did; what cannot be read counts as never done."""
    try:
        found: dict[str, dict[str, str]] = json.loads(STATE.read_text(encoding="utf-8"))
    except NOTHING_KNOWN:
        return {}
    return found


def _code() -> str:
    """Digest of this package's code."""
    digest = hashlib.sha256()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _exists(uri: str, settings: Settings) -> bool:
    try:
        with tracking.connection(settings):
            registry.find(uri)
    except ValueError:
        return False
    return True


def _rival(candidate: Settings) -> str:
    """Name the champion that a model is, or was, judged against; empty if it is the first."""
    with tracking.connection(candidate):
        champion = registry.champion()
    if champion and champion.uri == candidate.model:
        before = champion.notes.get("promoted_from", "")
        return f"models:/{champion.name}/{before}" if before else ""
    return champion.uri if champion else ""
