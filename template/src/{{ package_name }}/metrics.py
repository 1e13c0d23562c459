"""Scores of predictions, and the table that names them. Pure functions."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import classification_report

from .schema import CLASSES

Probabilities = NDArray[np.float64]
"""Probability of each class, shape (n_rows, n_classes)."""

Scores = dict[str, float]
N_BINS = 10


def classes(probabilities: Probabilities) -> NDArray[np.int64]:
    """Pick the most likely class of each row, shape (n_rows,)."""
    found: NDArray[np.int64] = np.asarray(CLASSES)[probabilities.argmax(axis=1)]
    return found


def table(probabilities: Probabilities) -> pd.DataFrame:
    """Name predictions: the class, and the probability of each class, in [0, 1]."""
    rows = pd.DataFrame(probabilities, columns=[f"probability_{name}" for name in CLASSES])
    rows.insert(0, "prediction", classes(probabilities))
    return rows


def scores(truth: ArrayLike, probabilities: Probabilities) -> Scores:
    """Score predictions: averages over the classes, and the calibration error; each in [0, 1]."""
    found = _report(truth, probabilities)
    mean = found["macro avg"]
    return {
        "accuracy": float((classes(probabilities) == np.asarray(truth)).mean()),
        "f1": mean["f1-score"],
        "precision": mean["precision"],
        "recall": mean["recall"],
        "calibration_error": calibration_error(calibration(truth, probabilities)),
    }


def by_class(truth: ArrayLike, probabilities: Probabilities) -> pd.DataFrame:
    """Score the rows of each class (precision, recall, f1-score, support), lowest recall first."""
    found = pd.DataFrame(_report(truth, probabilities)).T
    return found.loc[[str(name) for name in CLASSES]].sort_values("recall")


def calibration(truth: ArrayLike, probabilities: Probabilities) -> pd.DataFrame:
    """Bin rows by confidence; columns confidence and accuracy (means), and n_rows."""
    confidence = probabilities.max(axis=1)
    rows = pd.DataFrame({"confidence": confidence})
    rows["accuracy"] = classes(probabilities) == np.asarray(truth)
    bins = rows.groupby(np.minimum((confidence * N_BINS).astype(int), N_BINS - 1))
    return bins.mean().assign(n_rows=bins.size())


def calibration_error(bins: pd.DataFrame) -> float:
    """Average the distance of confidence and accuracy, weighted by rows, in [0, 1].

    Source: Guo et al., On Calibration of Modern Neural Networks, ICML 2017.
    """
    distance = (bins["confidence"] - bins["accuracy"]).abs()
    return float(np.average(distance, weights=bins["n_rows"]))


def text(values: Scores) -> str:
    """Write scores on one line."""
    return ", ".join(f"{name} {value:.4f}" for name, value in values.items())


def _report(truth: ArrayLike, probabilities: Probabilities) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = classification_report(
        truth, classes(probabilities), labels=CLASSES, output_dict=True, zero_division=0
    )
    return found
