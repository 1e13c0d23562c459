"""Shares of the features in a prediction, for any model.

Source: Lundberg and Lee, A Unified Approach to Interpreting Model Predictions, NeurIPS 2017.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import shap
from numpy.typing import NDArray

from .schema import CLASSES

logging.getLogger("shap").setLevel(logging.ERROR)

N_BACKGROUND = 20
"""Rows that stand in for a feature that is left out."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Attributions:
    """Why each row got its class: ``base`` and the row's ``shares`` add up to ``output``."""

    shares: Floats
    """Share of each feature in the output of the predicted class, shape (n_rows, n_features)."""

    base: Floats
    """Output of that class where nothing is known of a row, shape (n_rows,)."""

    output: Floats
    """What the model says for the predicted class, shape (n_rows,)."""

    prediction: NDArray[np.int64]
    """Predicted class, shape (n_rows,)."""


def of_predicted(values: Floats, base: Floats, output: Floats) -> Attributions:
    """Keep the predicted class only.

    Args:
        values: Shape (n_rows, n_features, n_classes).
        base: Shape (n_classes,) or (n_rows, n_classes).
        output: Shape (n_rows, n_classes); the highest is predicted.
    """
    rows, best = np.arange(len(output)), output.argmax(axis=1)
    found = values[rows, :, best], np.broadcast_to(base, output.shape)[rows, best]
    return Attributions(*found, output[rows, best], np.asarray(CLASSES, dtype=np.int64)[best])


def permutation(
    predict: Callable[[pd.DataFrame], Floats], features: pd.DataFrame, background: pd.DataFrame
) -> Attributions:
    """Share out the probabilities of any model, with one random order of the features a row.

    Args:
        predict: From features to probabilities, shape (n_rows, n_classes).
        features: Rows to explain; each costs thousands of predictions.
        background: Rows that the first ``N_BACKGROUND`` are taken of.
    """
    columns = features.columns
    masker = shap.maskers.Independent(background.to_numpy(), max_samples=N_BACKGROUND)
    explainer = shap.PermutationExplainer(
        lambda rows: predict(pd.DataFrame(rows, columns=columns)), masker, seed=0
    )
    n_evaluations = 2 * len(columns) + 1  # forwards and backwards through one order
    found = explainer(features.to_numpy(), max_evals=n_evaluations, silent=True)
    return of_predicted(found.values, found.base_values, predict(features))
