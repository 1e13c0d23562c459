"""Judge a registered model on the rows that its training never saw."""

import logging

from . import data, environment, metrics, model, predictions, tracking
from .settings import Settings, SplitRule

log = logging.getLogger(__name__)


def evaluate(settings: Settings) -> str:
    """Score a model against the thresholds.

    The rule that held rows out comes from the model's own run, so a changed seed or fraction
    cannot leak training rows into the score.

    Returns:
        One line with the scores.

    Raises:
        ValueError: If a metric is below its threshold.
    """
    rows = data.read(settings.data_path)
    with tracking.run("evaluate", settings):
        tracking.log_environment(environment.read())
        recorded = tracking.recorded(settings.model)
        if recorded["data_sha256"] != data.digest(rows):
            log.warning("%s was trained on other rows than %s", settings.model, settings.data_path)
        test = data.split(rows, SplitRule.model_validate(recorded)).test
        probabilities = model.predict_proba(model.load(settings.model), test.features)
        predicted = predictions.classes(probabilities)
        scores = metrics.classification(test.target, predicted)
        tracking.log(scores)

    if missed := metrics.below(scores, settings.thresholds):
        raise ValueError(f"{settings.model} is not good enough: {'; '.join(missed)}")
    return f"{settings.model} passes: {metrics.text(scores)}"
