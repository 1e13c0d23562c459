"""Drift: how far new rows are from those of the training. It knows numbers, and not the schema."""

import json
from threading import Lock

import numpy as np
import pandas as pd
from numpy.typing import NDArray

N_BINS = 10
"""Maximum bins of a feature, besides those of its minimum and of values out of range."""

Values = NDArray[np.float64]


def reference(features: pd.DataFrame) -> str:
    """Describe the distribution of numeric features: their deciles, and the rows between them.

    A feature with k edges has k + 2 bins: below the first edge, on it, up to each of the others,
    and above the last, where missing values count too.

    Returns:
        The objects ``edges`` and ``counts`` as JSON, which loads faster than lists in YAML.
    """
    edges, counts = {}, {}
    for name, column in features.select_dtypes("number").items():
        values = column.to_numpy(np.float64, na_value=np.nan)
        known = values[~np.isnan(values)]
        if known.size:
            steps = np.linspace(0, 1, N_BINS + 1)
            cuts = np.unique(np.quantile(known, steps, method="inverted_cdf")).tolist()
            edges[str(name)], counts[str(name)] = cuts, _count(values, cuts).tolist()
    return json.dumps({"edges": edges, "counts": counts}, separators=(",", ":"))


class Window:
    """The newest rows; several threads may add to it."""

    def __init__(self, reference: str, n_rows: int) -> None:
        facts = json.loads(reference)
        self._edges: dict[str, list[float]] = facts["edges"]
        self._counts: dict[str, list[int]] = facts["counts"]
        self._names = list(self._edges)
        self._values = np.empty((n_rows, len(self._names)))
        self._n_seen = 0
        self._lock = Lock()

    def add(self, features: pd.DataFrame) -> bool:
        """Add rows; return whether they complete a window of rows that are all new."""
        size = len(self._values)
        values = features[self._names].to_numpy(np.float64, na_value=np.nan)[-size:]
        with self._lock:
            self._values[(self._n_seen + np.arange(len(values))) % size] = values
            n_before, self._n_seen = self._n_seen, self._n_seen + len(values)
        return n_before // size < self._n_seen // size

    def psi(self) -> dict[str, float]:
        """Return the population stability index of each feature; empty until the window is full.

        The sum of (p - q) ln(p / q) over the bins. Below 0.1 counts as stable, above 0.25 as
        shifted. Source: Siddiqi, Credit Risk Scorecards, Wiley, 2006. A fraction below half a row
        of the smaller sample counts as half a row, so that an empty bin has a finite part.
        """
        if self._n_seen < len(self._values):
            return {}
        with self._lock:
            values = self._values.copy()
        found = {}
        for name, column in zip(self._names, values.T, strict=True):
            counts = np.array([self._counts[name], _count(column, self._edges[name])])
            n_rows = counts.sum(axis=1, keepdims=True)
            p, q = np.maximum(counts / n_rows, 0.5 / n_rows.min())
            found[name] = float(((p - q) * np.log(p / q)).sum())
        return found


def _count(values: Values, edges: list[float]) -> NDArray[np.int64]:
    bins = np.searchsorted(edges, values) + ~(values < edges[0])  # NaN sorts above the last edge.
    return np.bincount(bins, minlength=len(edges) + 2)
