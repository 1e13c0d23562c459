"""The pipeline from rows to a champion; the registry remembers finished steps."""

import json
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import mlflow

from .. import data, environment, tracking
from ..evaluate import evaluate
from ..settings import PROJECT
from ..train import train
from .commands import Run
from .promote import promote


def run(settings: Run) -> Iterator[str]:
    """Train, evaluate and promote; skip steps whose inputs are unchanged.

    Yields:
        A line for each step: its duration, or that it was cached, and its result.

    Raises:
        UserError: If a step fails; finished steps are kept.
    """
    rows, here = data.checksum(data.read(settings.data_path)), environment.read()
    values = settings.model_dump(mode="json", exclude={"data_path"})
    files = sorted(Path(__file__).parents[1].rglob("*.py"))
    code = [file.read_text(encoding="utf-8") for file in files]
    key = _digest(rows, values, code, here["python"], environment.requirements(here))
    with tracking.connection(settings):
        for name, step in {"train": _train, "evaluate": _evaluate, "promote": _promote}.items():
            began = time.monotonic()
            result, is_cached = step(settings, key)
            if not tracking.is_leader():  # A worker process only trains.
                return
            if name == "train":
                settings = settings.model_copy(update={"model": result})
            duration = "cached" if is_cached else f"{time.monotonic() - began:.1f} s"
            yield f"{name:10}{duration:>8}  {result}"


def _train(settings: Run, key: str) -> tuple[str, bool]:
    wanted = f"name = '{PROJECT}' and tag.trained_as = '{key}'"
    for known in mlflow.MlflowClient().search_model_versions(wanted, max_results=1):
        return f"models:/{PROJECT}/{known.version}", True
    uri, _ = train(settings) or ("", {})
    if uri:
        tracking.note(tracking.find(uri), trained_as=key)
    return uri, False


def _evaluate(settings: Run, key: str) -> tuple[str, bool]:
    version, champion = tracking.find(settings.model), tracking.champion()
    rival = champion.number if champion else ""
    if rival == version.number:  # It was compared with the champion before it.
        rival = version.notes.get("promoted_from", "")
    inputs = (key, settings.thresholds, settings.gains, rival)
    if version.notes.get("evaluated_as") == _digest(inputs, version.notes.get("evaluation_run")):
        return f"{version.uri} passed", True
    result = evaluate(settings)
    evaluation_run = tracking.find(version.uri).notes["evaluation_run"]
    tracking.note(version, evaluated_as=_digest(inputs, evaluation_run))
    return result, False


def _promote(settings: Run, _: str) -> tuple[str, bool]:
    version, champion = tracking.find(settings.model), tracking.champion()
    if champion and (champion.uri == version.uri or version.notes.get("replaced_by") == "hand"):
        return f"the champion is {champion.uri}", True
    return promote(settings), False


def _digest(*facts: object) -> str:
    return sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
