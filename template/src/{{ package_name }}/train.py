"""Train a model, score it on held-out test rows, and register it."""

import logging
import sys

import mlflow

from . import data, environment, metrics, model, parts, tracking
from .settings import PROJECT, Settings

log = logging.getLogger(__name__)


def train(settings: Settings) -> tuple[str, metrics.Scores] | None:
    """Run the whole training, from rows on disk to a registered model.

    Returns:
        URI of the registered model and its scores on the held-out test rows; None in a worker
        process that is not the leader.
    """
    rows = data.read(settings.data_path)
    split = data.split(rows, settings)
    if not tracking.is_leader():
        tracking.collect_garbage()
        model.fit(split.train, split.validation, settings, lambda *_: None)
        return None
    checksum = data.checksum(rows)
    with tracking.run("train", settings):
        tracking.log_rows(rows, settings.data_path, checksum, "train")
        log.info("training on %d rows of %s", len(split.train.target), settings.data_path)
        fitted = model.fit(split.train, split.validation, settings, _report)
        test = split.test
        scores = metrics.scores(test.target, model.predict(fitted, test.features))
        mlflow.log_metrics(scores)
        here = environment.read()
        metadata = {"environment": here, "data_sha256": checksum, "columns": tracking.COLUMNS}
        for hook in parts.hooks("training_metadata"):
            metadata |= hook(split.train.features)
        pins = environment.requirements(here)
        example = split.train.features.head()
        log.info("registering the model")
        version = model.save(fitted, example, PROJECT, pip_requirements=pins, metadata=metadata)
    return f"models:/{PROJECT}/{version}", scores


def _report(values: metrics.Scores, step: int) -> None:
    """Record the metrics of a step, and log them unless a terminal shows the progress bar."""
    mlflow.log_metrics(values, step)
    if not sys.stderr.isatty():
        log.info("step %d: %s", step, metrics.text(values))
