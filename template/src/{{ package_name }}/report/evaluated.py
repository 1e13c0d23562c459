"""The HTML page of an evaluation: one file without links, to be sent as it is."""

import base64
import io
import shutil
import subprocess
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
from sklearn.metrics import ConfusionMatrixDisplay

from .. import files, metrics
from ..data import Rows
from ..evaluate import Evaluation
from ..metrics import Probabilities
from ..schema import CLASSES

N_ERRORS = 20
N_COLUMNS = 12
MAX_CELLS = 30
"""Number of classes up to which the confusion matrix shows counts and not only colors."""


def write(
    evaluation: Evaluation, held_out: Rows, probabilities: Probabilities, folder: Path
) -> list[Path]:
    """Write the page ``evaluation.html`` into a folder, and return its path."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined
    )
    with mpl.rc_context({"text.parse_math": False}):  # A class named $x$ is no formula.
        pictures = {
            "Confusion matrix": _encode(draw_confusion(held_out.target, probabilities)),
            "Calibration": _encode(draw_calibration(evaluation)),
        }
    page = environment.get_template("evaluation.html").render(
        evaluation=evaluation,
        date=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        commit=_commit(),
        pictures=pictures,
        errors=find_errors(held_out, probabilities),
        columns=list(held_out.features)[:N_COLUMNS],
        n_left_out=max(0, held_out.features.shape[1] - N_COLUMNS),
    )
    path = folder / "evaluation.html"
    with files.replacing(path) as part:
        part.write_text(page, encoding="utf-8")
    return [path]


def find_errors(held_out: Rows, probabilities: Probabilities) -> list[dict[str, Any]]:
    """Return the rows that were predicted wrong with the highest confidence, highest first."""
    predicted, truth = metrics.classes(probabilities), held_out.target.to_numpy()
    confidence = probabilities.max(axis=1)
    wrong = np.flatnonzero(predicted != truth)
    worst = wrong[np.argsort(-confidence[wrong], kind="stable")][:N_ERRORS]
    return [
        {
            "row": held_out.features.index[position],
            "true": truth[position],
            "predicted": predicted[position],
            "confidence": confidence[position],
            "values": list(held_out.features.iloc[position, :N_COLUMNS]),
        }
        for position in worst
    ]


def draw_confusion(truth: pd.Series, probabilities: Probabilities) -> Figure:
    """Draw how many rows of each class were predicted as which class."""
    size = min(12, 3 + len(CLASSES) / 3)
    figure = Figure(figsize=(size, size), layout="constrained")
    ConfusionMatrixDisplay.from_predictions(
        truth,
        metrics.classes(probabilities),
        labels=CLASSES,
        ax=figure.subplots(),
        cmap="Blues",
        colorbar=False,
        include_values=len(CLASSES) <= MAX_CELLS,
        xticks_rotation="vertical" if max(len(str(name)) for name in CLASSES) > 3 else 0,
    )
    return figure


def draw_calibration(evaluation: Evaluation) -> Figure:
    """Draw the accuracy at each confidence, above the number of rows with that confidence."""
    bins = pd.DataFrame(evaluation.calibration)
    figure = Figure(figsize=(6, 6), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=[2, 1])
    CalibrationDisplay(bins["accuracy"], bins["confidence"], bins["confidence"]).plot(ax=above)
    above.set(xlabel="", ylabel="accuracy", xlim=(0, 1.05), ylim=(0, 1.05))
    bars = below.bar(bins["confidence"], bins["n_rows"], width=0.5 / metrics.N_BINS)
    below.bar_label(bars, padding=2)
    below.set(xlabel="confidence", ylabel="rows")
    below.margins(y=0.2)
    below.yaxis.set_major_locator(MaxNLocator(integer=True))
    return figure


def _encode(figure: Figure) -> str:
    file = io.BytesIO()
    figure.savefig(file, format="svg", transparent=True)
    return base64.b64encode(file.getvalue()).decode("ascii")


def _commit() -> str:
    """Return the commit that is checked out; empty without git or outside of a repository."""
    command = [shutil.which("git") or "", "rev-parse", "--verify", "--quiet", "HEAD"]
    if not command[0]:
        return ""
    found = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  (no shell)
    return found.stdout.strip()
