"""Fit a model, score it on rows it has not seen, and register it."""

import logging

from . import (
    card,
    data,
    drift,
    environment,
    lineage,
    metrics,
    model,
    pictures,
    predictions,
    provenance,
    tracking,
    workers,
)
from .settings import PROJECT, Settings

log = logging.getLogger(__name__)


def train(settings: Settings) -> tuple[str, dict[str, float]]:
    """Run the whole training, from rows on disk to a registered model.

    Returns:
        URI of the registered model, and its scores on the held-out rows; empty in a process that
        helps another one to train.
    """
    rows = data.read(settings.data_path)
    parts = data.split(rows, settings)
    digest, here = data.digest(rows), environment.read()
    log.info("training on %d rows of %s", len(parts.train.target), settings.data_path)

    if not workers.is_leader():  # Another process tracks, scores and registers.
        model.fit(parts.train, parts.validation, settings, lambda *_: None)
        return "", {}

    with tracking.run("train", settings):
        lineage.log(rows, settings.data_path, digest, "train")
        provenance.log(here)
        fitted = model.fit(parts.train, parts.validation, settings, tracking.log)
        predicted = predictions.classes(model.predict_proba(fitted, parts.test.features))
        scores = metrics.classification(parts.test.target, predicted)
        tracking.log(scores)
        figure = pictures.confusion_matrix(parts.test.target, predicted)
        tracking.log_figure(figure, "confusion_matrix.png")
        example = parts.train.features.head()
        reference = drift.Reference.of(parts.train.features)
        uri = model.save(fitted, example, PROJECT, card.make(here, digest, reference))

    return uri, scores
