"""Scores and pictures of predictions against the truth. Pure functions."""

from matplotlib.figure import Figure
from numpy.typing import ArrayLike
from sklearn.metrics import (
    ConfusionMatrixDisplay,
    accuracy_score,
    f1_score,
    precision_score,
    recall_score,
)

from .schema import CLASSES


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


def confusion_matrix(truth: ArrayLike, predicted: ArrayLike) -> Figure:
    """Draw how many rows of each class, downwards, were taken for which class, across."""
    figure = Figure(figsize=(6, 6), layout="constrained")
    ConfusionMatrixDisplay.from_predictions(
        truth, predicted, labels=CLASSES, ax=figure.subplots(), cmap="Blues", colorbar=False
    )
    return figure


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


def text(scores: dict[str, float]) -> str:
    """Write scores on one line."""
    return ", ".join(f"{name} {value:.4f}" for name, value in scores.items())
