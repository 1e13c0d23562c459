"""Scores of predictions against the truth. Pure functions."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import (
    accuracy_score,
    f1_score,
    precision_recall_fscore_support,
    precision_score,
    recall_score,
)

from .schema import CLASSES

N_BINS = 10
"""Bins of confidence, of equal width."""


@dataclass(frozen=True)
class Slice:
    """Scores of the rows of one class, each in [0, 1]."""

    name: str
    n_rows: int
    recall: float
    precision: float


@dataclass(frozen=True)
class Calibration:
    """How far a model's confidence can be believed; a value a bin that has rows."""

    confidence: list[float]
    """Mean probability of the predicted class."""

    accuracy: list[float]
    """Share of the rows that are right."""

    error: float
    """Expected calibration error: the mean difference of both, weighted by rows, in [0, 1]. Source:
    Guo et al., On Calibration of Modern Neural Networks, ICML 2017."""


def classification(truth: ArrayLike, predicted: ArrayLike) -> dict[str, float]:
    """Score predicted classes.

    Args:
        truth: Labels, shape (n_rows,).
        predicted: Labels, shape (n_rows,).

    Returns:
        Metric to value, each in [0, 1], higher is better; f1, precision and recall are means over
        the classes, each class counting the same.
    """
    return {
        "accuracy": float(accuracy_score(truth, predicted)),
        "f1": float(f1_score(truth, predicted, average="macro", zero_division=0)),
        "precision": float(precision_score(truth, predicted, average="macro", zero_division=0)),
        "recall": float(recall_score(truth, predicted, average="macro", zero_division=0)),
    }


def loss(truth: ArrayLike, probabilities: NDArray[np.float64]) -> float:
    """Mean of -log of the probability that each row's true class was given; 0 is perfect.

    Args:
        truth: Labels, shape (n_rows,).
        probabilities: Shape (n_rows, n_classes).
    """
    # scikit-learn's log_loss warns of probabilities that add up as exactly as float32 can.
    given = probabilities[np.asarray(truth)[:, np.newaxis] == np.asarray(CLASSES)]
    return float(-np.log(np.maximum(given, np.finfo(np.float64).eps)).mean())


def slices(truth: ArrayLike, predicted: ArrayLike) -> list[Slice]:
    """Score the rows of each class that occurs, the worst first."""
    precision, recall, _, n_rows = precision_recall_fscore_support(
        truth, predicted, labels=CLASSES, zero_division=0
    )
    found = [
        Slice(str(name), int(n), float(r), float(p))
        for name, n, r, p in zip(CLASSES, n_rows, recall, precision, strict=True)
    ]
    return sorted((part for part in found if part.n_rows), key=lambda part: part.recall)


def calibration(truth: ArrayLike, probabilities: NDArray[np.float64]) -> Calibration:
    """Compare how sure a model is with how often it is right.

    Args:
        truth: Labels, shape (n_rows,).
        probabilities: Shape (n_rows, n_classes).
    """
    sure = probabilities.max(axis=1)
    right = np.asarray(CLASSES)[probabilities.argmax(axis=1)] == np.asarray(truth)
    bins = np.minimum((sure * N_BINS).astype(int), N_BINS - 1)
    n_rows = np.bincount(bins, minlength=N_BINS)
    filled = n_rows > 0
    confidence = np.bincount(bins, sure, N_BINS)[filled] / n_rows[filled]
    accuracy = np.bincount(bins, right, N_BINS)[filled] / n_rows[filled]
    error = np.average(np.abs(confidence - accuracy), weights=n_rows[filled])
    return Calibration(confidence.tolist(), accuracy.tolist(), float(error))


def least_likely(
    truth: ArrayLike, probabilities: NDArray[np.float64], n_rows: int
) -> NDArray[np.int64]:
    """Find the rows whose true class the model thinks least likely: their numbers, worst first."""
    of_truth = probabilities[np.arange(len(probabilities)), np.searchsorted(CLASSES, truth)]
    return np.argsort(of_truth, kind="stable")[:n_rows]


def below(scores: dict[str, float], thresholds: dict[str, float]) -> list[str]:
    """Name each metric that misses its threshold, with both values.

    Raises:
        ValueError: If a threshold names a metric that is not measured.
    """
    if unknown := thresholds.keys() - scores.keys():
        raise ValueError(f"thresholds: no metric {sorted(unknown)}; there are {', '.join(scores)}")
    return [
        f"{name} {scores[name]:.4f} is below {least:g}"
        for name, least in thresholds.items()
        if scores[name] < least
    ]


def losses(
    scores: dict[str, float], champion: dict[str, float], gains: dict[str, float]
) -> list[str]:
    """Name each metric that gains less over the champion than it should, with all three values.

    Raises:
        ValueError: If a gain names a metric that is not measured.
    """
    if unknown := gains.keys() - scores.keys():
        raise ValueError(f"gains: no metric {sorted(unknown)}; there are {', '.join(scores)}")
    return [
        f"{name} {scores[name]:.4f} against {champion[name]:.4f} of the champion gains less than "
        f"{least:g}"
        for name, least in gains.items()
        if scores[name] - champion[name] < least
    ]


def text(scores: dict[str, float]) -> str:
    """Write scores on one line."""
    return ", ".join(f"{name} {value:.4f}" for name, value in scores.items())
