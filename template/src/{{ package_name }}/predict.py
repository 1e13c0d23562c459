"""Predict the class of each row of a file."""

from pathlib import Path

from . import data, environment, model, predictions, tracking
from .schema import UNLABELLED
from .settings import Settings


def predict(settings: Settings) -> Path:
    """Write the class of each row, and the probability of each class.

    The file has the rows' order, a column ``prediction``, and a column ``probability_<class>`` a
    class, in [0, 1].

    Returns:
        Path of the Parquet file that was written.

    Raises:
        ValueError: If a row breaks the schema, or there is no such model.
    """
    features = data.read(settings.input_path, UNLABELLED)
    with tracking.connection(settings):
        carried = tracking.metadata(settings.model)
        allowed = settings.allow_environment_drift
        environment.check(settings.model, carried, is_drift_allowed=allowed)
        fitted = model.load(settings.model)
    probabilities = model.predict_proba(fitted, features)
    data.write(predictions.table(probabilities), settings.output_path)
    return settings.output_path
