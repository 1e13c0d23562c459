"""Judge a registered model on the rows that its training never saw."""

import logging

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from . import (
    alerts,
    data,
    environment,
    lineage,
    metrics,
    model,
    pictures,
    predictions,
    provenance,
    registry,
    tracking,
)
from .data import Rows
from .registry import Version
from .report import Comparison, Report
from .settings import Settings, SplitRule

log = logging.getLogger(__name__)

N_EXAMPLES = 15
"""Rows that the report shows: those whose true class the model thinks least likely."""


def evaluate(settings: Settings) -> str:
    """Score a model against the thresholds and the champion, and write a report.

    The rule that held rows out comes from the model's own run, so a changed seed or fraction
    cannot leak training rows into the score. Whether it passed is noted with the version, for
    ``promote``.

    Returns:
        One line with the scores.

    Raises:
        ValueError: If a metric is below its threshold, or gains too little over the champion.
    """
    rows = data.read(settings.data_path)
    with tracking.run("evaluate", settings) as run_id:
        version = registry.find(settings.model)
        provenance.log(environment.read())
        lineage.log(rows, settings.data_path, data.digest(rows), "evaluate")
        report = judge(version, rows, settings)
        tracking.log(report.scores)
        verdict = "failed" if report.missed else "passed"
        notes = {"evaluation_sha256": report.data_sha256, "evaluation_run": run_id}
        registry.note(version, evaluation=verdict, **notes)

    if report.missed:
        told = f"{version.uri} is not good enough: {'; '.join(report.missed)}"
        alerts.send(told, settings)
        raise ValueError(told)
    worst = report.slices[0]
    log.info("the worst class is %s with recall %.4f", worst.name, worst.recall)
    return f"{version.uri} passes: {metrics.text(report.scores)}"


def judge(version: Version, rows: pd.DataFrame, settings: Settings) -> Report:
    """Score a version, compare it with the champion, and keep the report with the run."""
    held_out = _held_out(version, rows)
    probabilities = model.predict_proba(model.load(version.uri), held_out.features)
    predicted = predictions.classes(probabilities)
    scores = metrics.classification(held_out.target, predicted)
    missed = metrics.below(scores, settings.thresholds)
    comparison = _compare(version, rows, held_out)
    if comparison:
        missed += metrics.losses(comparison.scores, comparison.champion_scores, settings.gains)
    report = Report(
        model=version.uri,
        data_sha256=data.digest(rows),
        n_rows=len(held_out.target),
        scores=scores,
        thresholds=settings.thresholds,
        comparison=comparison,
        slices=metrics.slices(held_out.target, predicted),
        calibration=metrics.calibration(held_out.target, probabilities),
        missed=missed,
    )
    written = report.write(settings.reports_path, _draw(report, held_out, probabilities))
    tracking.log_files(written)
    return report


def _compare(version: Version, rows: pd.DataFrame, held_out: Rows) -> Comparison | None:
    """Score a version and the champion, if there is another, on rows that are new to both."""
    champion = registry.champion()
    if champion is None or champion.uri == version.uri:
        return None
    both = held_out.features.index.intersection(_held_out(champion, rows).features.index)
    if both.empty:
        log.warning("no row is new to both %s and %s: not compared", version.uri, champion.uri)
        return None
    features, target = held_out.features.loc[both], held_out.target.loc[both]
    scores, champion_scores = (
        metrics.classification(
            target, predictions.classes(model.predict_proba(model.load(one.uri), features))
        )
        for one in (version, champion)
    )
    return Comparison(champion.uri, len(both), scores, champion_scores)


def _held_out(version: Version, rows: pd.DataFrame) -> Rows:
    """Return the rows that a version was not trained on."""
    recorded = tracking.recorded(version.uri)
    if recorded["data_sha256"] != data.digest(rows):
        log.warning("%s was trained on other rows: some may be among these", version.uri)
    return data.split(rows, SplitRule.model_validate(recorded)).test


def _draw(report: Report, held_out: Rows, probabilities: NDArray[np.float64]) -> dict[str, Figure]:
    """Draw what the report shows, each picture under its title."""
    predicted = predictions.classes(probabilities)
    worst = metrics.least_likely(held_out.target, probabilities, N_EXAMPLES)
    truth = held_out.target.to_numpy()
    sure = probabilities.max(axis=1)
    titles = [f"{truth[row]} taken for {predicted[row]}, {sure[row]:.0%}" for row in worst]
    return {
        "Confusion matrix": pictures.confusion_matrix(held_out.target, predicted),
        "Calibration": pictures.calibration(report.calibration),
        "Worst examples": pictures.examples(held_out.features.iloc[worst], titles),
    }
