"""What a model says of rows: a class, and a probability for each class. Pure functions."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .schema import CLASSES

COLUMNS = ("prediction", *(f"probability_{name}" for name in CLASSES))
"""Columns of a table of predictions."""

NONE = np.empty((0, len(CLASSES)))
"""Probabilities of no rows, which a model need not be able to tell."""


def classes(probabilities: NDArray[np.float64]) -> NDArray[np.int64]:
    """Pick the likeliest class: shape (n_rows, n_classes) in, shape (n_rows,) out."""
    likeliest: NDArray[np.int64] = np.asarray(CLASSES, dtype=np.int64)[probabilities.argmax(axis=1)]
    return likeliest


def table(probabilities: NDArray[np.float64]) -> pd.DataFrame:
    """Name what a model says: the class, and the probability of each class, in [0, 1]."""
    rows = pd.DataFrame(probabilities, columns=COLUMNS[1:])
    rows.insert(0, COLUMNS[0], classes(probabilities))
    return rows
