"""Test a table with the project's code, and derive the first thresholds."""

import importlib
import math
from pathlib import Path

import numpy as np

NAMES = {"classification": "the most frequent class", "regression": "the mean"}

ALLOWED_LOSS = 0.01
"""Allowed drop below the champion, as a fraction of the score."""


def find(package: str, path: Path) -> tuple[dict[str, float], dict[str, float]]:
    """Score the most frequent class, or the mean, on the held-out rows of a project.

    Returns:
        A threshold, two standard errors from that score, and a minimum gain.

    Raises:
        ValueError: The project cannot read or split the table.
    """
    modules = ("data", "settings", "schema", "metrics", "errors")
    data, settings, schema, metrics, errors = (
        importlib.import_module(f"{package}.{name}") for name in modules
    )
    try:
        split = data.split(data.read(path), settings.Settings())
    except errors.UserError as error:
        raise ValueError(str(error)) from None
    n_test = len(split.test.target)
    if schema.CLASSES:
        shares = split.train.target.value_counts(normalize=True).reindex(list(schema.CLASSES))
        predictions = np.tile(shares.fillna(0).to_numpy(), (n_test, 1))
        score = metrics.scores(split.test.target, predictions)["accuracy"]
        deviation = math.sqrt(score * (1 - score) / n_test)
        return {"accuracy": _round_down(score - 2 * deviation)}, {"accuracy": -ALLOWED_LOSS}
    predictions = np.full((n_test, 1), split.train.target.mean())
    score = metrics.scores(split.test.target, predictions)["rmse"]
    limit = score * (1 + 2 / math.sqrt(2 * n_test))
    return {"rmse": float(f"{limit:.3g}")}, {"rmse": -float(f"{score * ALLOWED_LOSS:.2g}")}


def _round_down(score: float) -> float:
    return max(0, math.floor(score * 100) / 100)
