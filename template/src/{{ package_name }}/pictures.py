"""Pictures of predictions against the truth. They judge nothing."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import ArrayLike
from sklearn.metrics import ConfusionMatrixDisplay

from .metrics import Calibration
from .schema import CLASSES, SIDE


def confusion_matrix(truth: ArrayLike, predicted: ArrayLike) -> Figure:
    """Draw how many rows of each class, downwards, were taken for which class, across."""
    figure = Figure(figsize=(6, 6), layout="constrained")
    ConfusionMatrixDisplay.from_predictions(
        truth, predicted, labels=CLASSES, ax=figure.subplots(), cmap="Blues", colorbar=False
    )
    return figure


def calibration(found: Calibration) -> Figure:
    """Draw how often a class was right, upwards, against how likely the model called it, across."""
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], linestyle=":", color="grey", label="perfect")
    axes.plot(found.confidence, found.accuracy, marker="o", label="this model")
    axes.set(xlabel="confidence", ylabel="share that is right", xlim=(0, 1), ylim=(0, 1.02))
    axes.legend()
    return figure


def examples(features: pd.DataFrame, titles: list[str]) -> Figure:
    """Draw rows as the scans that they are, with a title each, five in a line."""
    n_columns = 5
    n_lines = max(1, -(-len(features) // n_columns))
    figure = Figure(figsize=(7, 1.8 * n_lines), layout="constrained")
    panels = np.ravel(figure.subplots(n_lines, n_columns, squeeze=False))
    for panel in panels:
        panel.set_axis_off()
    for panel, pixels, title in zip(panels, features.to_numpy(), titles, strict=False):
        panel.imshow(pixels.reshape(SIDE, SIDE), cmap="Greys", vmin=0, vmax=16)
        panel.set_title(title, fontsize=8)
    return figure
