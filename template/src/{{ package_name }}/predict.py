"""Predict the class of each row of a file."""

from pathlib import Path

import pandas as pd

from . import data, metrics, model, tracking
from .schema import CLASSES, UNLABELLED
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
        fitted = model.load(settings.model)
    probabilities = model.predict_proba(fitted, features)
    columns = [f"probability_{name}" for name in CLASSES]
    predictions = pd.DataFrame(probabilities, columns=columns)
    predictions.insert(0, "prediction", metrics.classes(probabilities))
    data.write(predictions, settings.output_path)
    return settings.output_path
