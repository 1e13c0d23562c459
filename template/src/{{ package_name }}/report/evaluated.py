"""HTML report of an evaluation: one self-contained file, without links."""

import base64
import io
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from sklearn.calibration import CalibrationDisplay
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import (
    ConfusionMatrixDisplay,
    PrecisionRecallDisplay,
    PredictionErrorDisplay,
    RocCurveDisplay,
)
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from .. import files, metrics
from ..data import Rows, Split
from ..environment import commit
from ..evaluate import Evaluation
from ..metrics import Predictions
from ..schema import CLASSES

N_ERRORS = 20
N_COLUMNS = 12
N_FITTED = 10_000
"""Maximum number of training rows for a baseline; more only take longer."""

MAX_CELLS = 30
"""Maximum number of classes for which the confusion matrix prints counts."""


def write(
    evaluation: Evaluation, split: Split, predictions: Predictions, folder: Path
) -> list[Path]:
    """Write ``evaluation.html`` to a folder, and return its path."""
    held_out = split.test
    head, is_dirty = commit()
    limits, results = {}, {}
    for name, limit in evaluation.thresholds.items():
        limits[name] = f"{'≤' if name in metrics.ERRORS else '≥'} {limit:.4f}"
        is_missed = metrics.misses(name, evaluation.scores[name], limit)
        results[name] = "failed" if is_missed else "passed"
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined
    )
    with mpl.rc_context({"text.parse_math": False}):  # A class named $x$ is no formula.
        drawn = {title: draw(held_out.target, predictions) for title, draw in FIGURES.items()}
        figures = {title: _encode(figure) for title, figure in drawn.items()}
    page = environment.get_template("evaluation.html").render(
        evaluation=evaluation,
        date=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        commit=head[:10] + "-dirty" * is_dirty,
        limits=limits,
        results=results,
        figures=figures,
        baselines=score_baselines(split, seed=0),
        worst=find_errors(held_out, predictions),
        columns=list(held_out.features)[:N_COLUMNS],
        n_omitted=max(0, held_out.features.shape[1] - N_COLUMNS),
    )
    path = folder / "evaluation.html"
    with files.replacing(path) as part:
        part.write_text(page, encoding="utf-8")
    return [path]


def find_errors(held_out: Rows, predictions: Predictions) -> list[dict[str, Any]]:
    """Return the wrongly predicted rows, the largest error first."""
    errors = metrics.errors(held_out.target, predictions)
    predicted, truth = metrics.table(predictions)["prediction"], held_out.target.to_numpy()
    worst = np.argsort(-errors, kind="stable")[:N_ERRORS]
    return [
        {
            "row": held_out.features.index[position],
            "true": truth[position],
            "predicted": predicted[position],
            "error": errors[position],
            "values": list(held_out.features.iloc[position, :N_COLUMNS]),
        }
        for position in worst
        if errors[position]
    ]


def score_baselines(split: Split, seed: int) -> dict[str, metrics.Scores]:
    """Fit baselines to the training rows, and score them on the test rows."""
    size = min(N_FITTED, len(split.train.target))
    features = split.train.features.sample(size, random_state=seed)
    place = {name: number for number, name in enumerate(CLASSES)}
    target = split.train.target.loc[features.index]
    numbers = [place[name] for name in target] if CLASSES else target
    found = {}
    for name, estimator in _list_baselines().items():
        with warnings.catch_warnings(action="ignore", category=ConvergenceWarning):
            fitted = estimator.fit(features, numbers)
        if CLASSES:
            predictions = np.zeros((len(split.test.target), len(CLASSES)))
            predictions[:, fitted.classes_] = fitted.predict_proba(split.test.features)
        else:
            predictions = fitted.predict(split.test.features).reshape(-1, 1)
        found[name] = metrics.scores(split.test.target, predictions)
    return found


def _list_baselines() -> dict[str, Pipeline]:
    numbers = make_pipeline(SimpleImputer(keep_empty_features=True), StandardScaler())
    texts = OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=50)
    columns = make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")),
        (texts, make_column_selector(dtype_exclude="number")),
    )
    if CLASSES:
        return {
            "Most frequent class": make_pipeline(DummyClassifier(strategy="prior")),
            "Linear model": make_pipeline(columns, LogisticRegression(max_iter=200)),
        }
    return {
        "Mean": make_pipeline(DummyRegressor()),
        "Linear model": make_pipeline(columns, Ridge()),
    }


def draw_confusion(truth: pd.Series, predictions: Predictions) -> Figure:
    """Draw the confusion matrix."""
    size = min(12, 3 + len(CLASSES) / 3)
    figure = Figure(figsize=(size, size), layout="constrained")
    ConfusionMatrixDisplay.from_predictions(
        [str(name) for name in truth],  # scikit-learn compares no objects.
        [str(name) for name in metrics.classes(predictions)],
        labels=[str(name) for name in CLASSES],
        ax=figure.subplots(),
        cmap="Blues",
        colorbar=False,
        include_values=len(CLASSES) <= MAX_CELLS,
        xticks_rotation="vertical" if max(len(str(name)) for name in CLASSES) > 3 else 0,
    )
    return figure


def draw_calibration(truth: pd.Series, predictions: Predictions) -> Figure:
    """Draw a reliability diagram above the number of rows in each bin."""
    bins = metrics.calibration(truth, predictions)
    figure = Figure(figsize=(6, 6), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=[2, 1])
    CalibrationDisplay(bins["accuracy"], bins["confidence"], bins["confidence"]).plot(ax=above)
    error = f"Expected calibration error: {metrics.calibration_error(bins):.4f}"
    above.set(title=error, xlabel="", ylabel="Accuracy", xlim=(0, 1.05), ylim=(0, 1.05))
    bars = below.bar(bins["confidence"], bins["n_rows"], width=0.5 / metrics.N_BINS)
    below.bar_label(bars, padding=2)
    below.set(xlabel="Confidence", ylabel="Rows")
    below.margins(y=0.2)
    below.yaxis.set_major_locator(MaxNLocator(integer=True))
    return figure


def draw_curves(truth: pd.Series, predictions: Predictions) -> Figure:
    """Draw the ROC and the precision-recall curve of the second of two classes."""
    figure = Figure(figsize=(10, 5), layout="constrained")
    left, right = figure.subplots(1, 2)
    is_second, scores = truth.eq(CLASSES[1]), predictions[:, 1]
    RocCurveDisplay.from_predictions(is_second, scores, ax=left, plot_chance_level=True)
    left.set(xlabel="False positive rate", ylabel="True positive rate")
    PrecisionRecallDisplay.from_predictions(is_second, scores, ax=right)
    right.set(xlabel="Recall", ylabel="Precision")
    return figure


def draw_residuals(truth: pd.Series, predictions: Predictions) -> Figure:
    """Draw actual values and residuals over predicted values."""
    figure = Figure(figsize=(10, 5), layout="constrained")
    for axes, kind in zip(
        figure.subplots(1, 2), ("actual_vs_predicted", "residual_vs_predicted"), strict=True
    ):
        PredictionErrorDisplay.from_predictions(truth, predictions[:, 0], kind=kind, ax=axes)
    return figure


FIGURES: dict[str, Callable[[pd.Series, Predictions], Figure]] = (
    {"Confusion matrix": draw_confusion, "Calibration": draw_calibration}
    if CLASSES
    else {"Actual and predicted values": draw_residuals}
)
if len(CLASSES) == 2:
    FIGURES[f"ROC and precision-recall curves of {CLASSES[1]}"] = draw_curves


def _encode(figure: Figure) -> str:
    file = io.BytesIO()
    figure.savefig(file, format="svg", transparent=True)
    return base64.b64encode(file.getvalue()).decode("ascii")
