"""Evaluate a registered model on its held-out test rows."""

import json
import logging
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import mlflow
import pandas as pd

from . import alerts, data, files, metrics, model, parts, tracking
from .commands import Evaluate
from .data import Rows, Split
from .errors import UserError
from .metrics import ERRORS, Predictions, Scores
from .settings import SplitRule
from .tracking import Version

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Evaluation:
    """Result of an evaluation."""

    model: str
    champion: str | None
    run: str
    data: str
    data_sha256: str
    n_rows: int
    scores: Scores
    thresholds: Scores
    gains: Scores
    """Gains over the champion, on test rows of both."""

    classes: dict[Any, Any] = field(default_factory=dict)
    """Scores of each class, lowest recall first."""

    calibration: list[dict[Any, Any]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    """Missed thresholds, a phrase each."""


def evaluate(settings: Evaluate) -> str:
    """Compare the scores of a model with the thresholds and the champion, and write a report.

    The split is that of the model's own run, so that a changed seed cannot leak training rows into
    the test rows. Tags of the version record the result for ``promote``.

    Returns:
        One line with the scores.

    Raises:
        UserError: If the model misses a threshold.
    """
    rows = data.read(settings.data_path)
    checksum = data.checksum(rows)
    with tracking.run("evaluate", settings) as run_id:
        tracking.log_rows(rows, settings.data_path, checksum, "evaluate")
        version = tracking.find(settings.model)
        split = _split(version, rows)
        held_out = split.test
        log.info("evaluating %s on %d held-out test rows", version.uri, len(held_out.target))
        predictions = _predict(version, held_out, settings)
        gains, champion = _gains(version, rows, held_out, predictions, settings)
        found = Evaluation(
            model=version.uri,
            champion=champion,
            run=run_id,
            data=settings.data_path.as_posix(),
            data_sha256=checksum,
            n_rows=len(held_out.target),
            scores=metrics.scores(held_out.target, predictions),
            thresholds=settings.thresholds,
            gains=gains,
            **metrics.details(held_out.target, predictions),
        )
        found.failures.extend(_missed_thresholds(found.scores, settings.thresholds))
        if gains:
            found.failures.extend(_missed_gains(gains, settings.gains))
        log.info("writing the report")
        path = settings.reports_path / "evaluation.json"
        with files.replacing(path) as part:
            part.write_text(json.dumps(asdict(found), indent=2) + "\n", encoding="utf-8")
        written = [path]
        for hook in parts.hooks("evaluation_report"):
            written += hook(found, split, predictions, settings.reports_path)
        for path in written:
            mlflow.log_artifact(str(path))
        log.info("wrote %s", " and ".join(map(str, written)))
        mlflow.log_metrics(found.scores)
        result = "failed" if found.failures else "passed"
        tracking.note(version, evaluation=result, evaluation_sha256=checksum, evaluation_run=run_id)
    if found.failures:
        text = f"{version.uri} failed: {'; '.join(found.failures)}"
        alerts.send(text, settings)
        raise UserError(text)
    if found.classes:
        worst, its = next(iter(found.classes.items()))
        log.info("lowest recall: %.4f (class %s)", its["recall"], worst)
    return f"{version.uri} passed: {metrics.text(found.scores)}"


def _missed_thresholds(scores: Scores, thresholds: Scores) -> Iterator[str]:
    """Describe each score below its threshold, or above it if it is an error."""
    _check_names("thresholds", thresholds, scores)
    for name, limit in thresholds.items():
        if metrics.misses(name, scores[name], limit):
            yield f"{name} {scores[name]:.4f} (threshold: {limit:g})"


def _missed_gains(gains: Scores, limits: Scores) -> Iterator[str]:
    """Describe each metric that gained less than required, or dropped more than allowed."""
    _check_names("gains", limits, gains)
    for name, limit in limits.items():
        if gains[name] < limit and limit > 0:
            yield f"{name} gained {gains[name]:.4f} (required: {limit:g})"
        elif gains[name] < limit:
            change = "rose" if name in ERRORS else "dropped"
            yield f"{name} {change} by {-gains[name]:.4f} (allowed: {abs(limit):g})"


def _check_names(setting: str, limits: Scores, found: Scores) -> None:
    if unknown := limits.keys() - found.keys():
        raise UserError(f"{setting}: unknown metric {min(unknown)!r}; choose {', '.join(found)}")


def _gains(
    version: Version,
    rows: pd.DataFrame,
    held_out: Rows,
    predictions: Predictions,
    settings: Evaluate,
) -> tuple[Scores, str | None]:
    """Compare with the champion, if it is another version, on test rows of both."""
    champion = tracking.champion()
    if champion is None or champion.uri == version.uri:
        return {}, None
    if not tracking.fits(champion.uri, tracking.metadata(champion.uri)):
        log.warning("not compared with %s, which has other columns or classes", champion.uri)
        return {}, None
    is_common = held_out.features.index.isin(_split(champion, rows).test.features.index)
    if not is_common.any():
        log.warning("not compared with %s: no test row in common", champion.uri)
        return {}, champion.uri
    common = Rows(held_out.features[is_common], held_out.target[is_common])
    new = metrics.scores(common.target, predictions[is_common])
    old = metrics.scores(common.target, _predict(champion, common, settings))
    gains = {
        name: old[name] - new[name] if name in ERRORS else new[name] - old[name] for name in new
    }
    return gains, champion.uri


def _split(version: Version, rows: pd.DataFrame) -> Split:
    """Split rows as the training of a version did, which never saw the test rows."""
    settings = tracking.recorded(version)
    if settings["data_sha256"] != data.checksum(rows):
        log.warning("%s was trained on other data: test rows may leak from it", version.uri)
    return data.split(rows, SplitRule.model_validate(settings))


def _predict(version: Version, rows: Rows, settings: Evaluate) -> Predictions:
    fitted = model.load(tracking.download(version.uri, settings))
    return model.predict(fitted, rows.features)
