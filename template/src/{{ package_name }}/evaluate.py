"""Evaluate a registered model on the rows that were held out from its training."""

import json
import logging
from dataclasses import asdict, dataclass, field
from typing import Any

import mlflow
import pandas as pd

from . import alerts, data, files, metrics, model, parts, tracking
from .commands import Evaluate
from .data import Rows
from .errors import UserError
from .metrics import Probabilities, Scores
from .settings import SplitRule
from .tracking import Version

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Evaluation:
    """Result of an evaluation."""

    model: str
    champion: str | None
    data_sha256: str
    n_rows: int
    scores: Scores
    thresholds: Scores
    gains: Scores
    """Gains over the champion, on rows that neither was trained on."""

    classes: dict[Any, Any]
    """Scores of each class, lowest recall first."""

    calibration: list[dict[Any, Any]]
    failures: list[str] = field(default_factory=list)
    """Thresholds that the model fails, one sentence each."""


def evaluate(settings: Evaluate) -> str:
    """Compare the scores of a model with the thresholds and the champion, and write a report.

    The split is that of the model's own run, so that a changed seed cannot leak training rows into
    the scores. The result is noted with the version, for ``promote``.

    Returns:
        One line with the scores.

    Raises:
        UserError: If the model fails a threshold.
    """
    rows = data.read(settings.data_path)
    checksum = data.checksum(rows)
    with tracking.run("evaluate", settings) as run_id:
        tracking.log_rows(rows, settings.data_path, checksum, "evaluate")
        version = tracking.find(settings.model)
        held_out = _held_out(version, rows)
        probabilities = _predict(version, held_out, settings)
        gains, champion = _gains(version, rows, settings)
        found = Evaluation(
            model=version.uri,
            champion=champion,
            data_sha256=checksum,
            n_rows=len(held_out.target),
            scores=metrics.scores(held_out.target, probabilities),
            thresholds=settings.thresholds,
            gains=gains,
            classes=metrics.by_class(held_out.target, probabilities).to_dict("index"),
            calibration=metrics.calibration(held_out.target, probabilities).to_dict("records"),
        )
        found.failures.extend(_failures(found.scores, settings.thresholds, "is", "threshold"))
        if gains:
            found.failures.extend(_failures(gains, settings.gains, "gains", "minimum gain"))
        path = settings.reports_path / "evaluation.json"
        with files.replacing(path) as part:
            part.write_text(json.dumps(asdict(found), indent=2) + "\n", encoding="utf-8")
        written = [path]
        for hook in parts.hooks("evaluated"):  # A part that reports.
            written += hook.write(found, held_out, probabilities, settings.reports_path)
        for path in written:
            mlflow.log_artifact(str(path))
        mlflow.log_metrics(found.scores)
        result = "failed" if found.failures else "passed"
        tracking.note(version, evaluation=result, evaluation_sha256=checksum, evaluation_run=run_id)
    if found.failures:
        text = f"{version.uri} failed: {'; '.join(found.failures)}"
        alerts.send(text, settings)
        raise UserError(text)
    worst, its = next(iter(found.classes.items()))
    log.info("lowest recall: class %s with %.4f; wrote %s", worst, its["recall"], written[-1])
    return f"{version.uri} passed: {metrics.text(found.scores)}"


def _failures(found: Scores, minimum: Scores, verb: str, what: str) -> list[str]:
    """Name each metric that is below its minimum.

    Raises:
        UserError: If there is a minimum for a metric that does not exist.
    """
    if unknown := minimum.keys() - found.keys():
        raise UserError(
            f"{what}: there is no metric {min(unknown)!r}; there are {', '.join(found)}"
        )
    return [
        f"{name} {verb} {found[name]:.4f} ({what} {least:g})"
        for name, least in minimum.items()
        if found[name] < least
    ]


def _gains(version: Version, rows: pd.DataFrame, settings: Evaluate) -> tuple[Scores, str | None]:
    """Compare with the champion, if there is another one, on rows that neither was trained on."""
    champion = tracking.champion()
    if champion is None or champion.uri == version.uri:
        return {}, None
    ours, theirs = _held_out(version, rows), _held_out(champion, rows)
    both = ours.features.index.intersection(theirs.features.index)
    if both.empty:
        log.warning("not compared: %s and %s share no held-out row", version.uri, champion.uri)
        return {}, champion.uri
    common = Rows(ours.features.loc[both], ours.target.loc[both])
    new, old = (
        metrics.scores(common.target, _predict(one, common, settings))
        for one in (version, champion)
    )
    return {name: new[name] - old[name] for name in new}, champion.uri


def _held_out(version: Version, rows: pd.DataFrame) -> Rows:
    """Return the rows that a version was not trained on."""
    settings = tracking.recorded(version)
    if settings["data_sha256"] != data.checksum(rows):
        log.warning("%s was trained on other rows: some of them may be among these", version.uri)
    return data.split(rows, SplitRule.model_validate(settings)).test


def _predict(version: Version, rows: Rows, settings: Evaluate) -> Probabilities:
    fitted = model.load(tracking.download(version.uri, settings))
    return model.predict_proba(fitted, rows.features)
