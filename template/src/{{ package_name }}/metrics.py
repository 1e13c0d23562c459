"""Metrics of predictions, and predictions as a table. Pure functions.

A prediction is the probability of each class, shape (n_rows, n_classes), or a number, shape
(n_rows, 1): the schema says which.
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn import metrics as of_sklearn

from .schema import CLASSES

Predictions = NDArray[np.float64]
Scores = dict[str, float]

IS_CLASSIFICATION = bool(CLASSES)
N_BINS = 10

ERRORS = {"log_loss", "calibration_error", "rmse", "mae", "median_error"}
"""Metrics where lower is better; their thresholds are maximums."""


def misses(name: str, score: float, threshold: float) -> bool:
    """Whether a score is above its threshold if lower is better, else below it."""
    return score > threshold if name in ERRORS else score < threshold


def classes(predictions: Predictions) -> NDArray[np.object_]:
    """Pick the most likely class of each row, shape (n_rows,)."""
    found: NDArray[np.object_] = np.asarray(CLASSES)[predictions.argmax(axis=1)]
    return found


def table(predictions: Predictions) -> pd.DataFrame:
    """Return predictions as a table: class and class probabilities, or the number."""
    if not IS_CLASSIFICATION:
        return pd.DataFrame({"prediction": predictions[:, 0]})
    rows = pd.DataFrame(predictions, columns=[f"probability_{name}" for name in CLASSES])
    rows.insert(0, "prediction", classes(predictions))
    return rows


def scores(truth: ArrayLike, predictions: Predictions) -> Scores:
    """Score predictions: regression errors, or macro averages over the classes."""
    if not IS_CLASSIFICATION:
        return _errors(np.asarray(truth, np.float64), predictions[:, 0])
    known, found = np.asarray(truth), classes(predictions)
    mean = _report(truth, predictions)["macro avg"]
    values = {
        "accuracy": float((found == known).mean()),
        "f1": mean["f1-score"],
        "precision": mean["precision"],
        "recall": mean["recall"],
        "log_loss": float(-np.log(np.clip(_of_truth(known, predictions), 1e-15, 1)).mean()),
        "calibration_error": calibration_error(calibration(truth, predictions)),
    }
    is_second = known == CLASSES[-1]
    if len(CLASSES) == 2 and 0 < is_second.sum() < len(known):  # Binary classification.
        values["roc_auc"] = float(of_sklearn.roc_auc_score(is_second, predictions[:, 1]))
        values["average_precision"] = float(
            of_sklearn.average_precision_score(is_second, predictions[:, 1])
        )
    return values


def _errors(truth: NDArray[np.float64], found: NDArray[np.float64]) -> Scores:
    return {
        "rmse": float(of_sklearn.root_mean_squared_error(truth, found)),
        "mae": float(of_sklearn.mean_absolute_error(truth, found)),
        "median_error": float(of_sklearn.median_absolute_error(truth, found)),
        "r2": float(of_sklearn.r2_score(truth, found)),
    }


def _of_truth(truth: NDArray[np.object_], predictions: Predictions) -> NDArray[np.float64]:
    """Return the probability of each row's own class, shape (n_rows,)."""
    place = {name: number for number, name in enumerate(CLASSES)}
    return predictions[np.arange(len(truth)), [place[name] for name in truth.tolist()]]


def errors(truth: ArrayLike, predictions: Predictions) -> NDArray[np.float64]:
    """Return the error of each row, shape (n_rows,): confidence in a wrong class, or distance."""
    known = np.asarray(truth)
    if not IS_CLASSIFICATION:
        distance: NDArray[np.float64] = np.abs(predictions[:, 0] - known)
        return distance
    found: NDArray[np.float64] = np.where(
        classes(predictions) == known, 0.0, predictions.max(axis=1)
    )
    return found


def details(truth: ArrayLike, predictions: Predictions) -> dict[str, Any]:
    """Return scores by class and calibration; empty for regression."""
    if not IS_CLASSIFICATION:
        return {}
    return {
        "classes": by_class(truth, predictions).to_dict("index"),
        "calibration": calibration(truth, predictions).to_dict("records"),
    }


def by_class(truth: ArrayLike, predictions: Predictions) -> pd.DataFrame:
    """Return precision, recall, f1-score and support of each class, lowest recall first."""
    found = pd.DataFrame(_report(truth, predictions)).T
    return found.loc[[str(name) for name in CLASSES]].sort_values("recall")


def calibration(truth: ArrayLike, predictions: Predictions) -> pd.DataFrame:
    """Bin rows by confidence; columns confidence and accuracy (means), and n_rows."""
    confidence = predictions.max(axis=1)
    rows = pd.DataFrame({"confidence": confidence})
    rows["accuracy"] = classes(predictions) == np.asarray(truth)
    bins = rows.groupby(np.minimum((confidence * N_BINS).astype(int), N_BINS - 1))
    return bins.mean().assign(n_rows=bins.size())


def calibration_error(bins: pd.DataFrame) -> float:
    """Return the expected calibration error, in [0, 1].

    Source: Guo et al., On Calibration of Modern Neural Networks, ICML 2017.
    """
    distance = (bins["confidence"] - bins["accuracy"]).abs()
    return float(np.average(distance, weights=bins["n_rows"]))


def text(values: Scores) -> str:
    """Format scores as one line."""
    return ", ".join(f"{name} {value:.4f}" for name, value in values.items())


def _report(truth: ArrayLike, predictions: Predictions) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = of_sklearn.classification_report(
        [str(name) for name in np.asarray(truth).tolist()],
        [str(name) for name in classes(predictions).tolist()],
        labels=[str(name) for name in CLASSES],
        output_dict=True,
        zero_division=0,
    )
    return found
