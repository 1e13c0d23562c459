"""Data drift between new rows and training rows. It does not know the schema."""

import json
from threading import Lock

import numpy as np
import pandas as pd
from numpy.typing import NDArray

N_BINS = 10
"""Maximum number of bins of a number, besides those of its minimum and of values out of range."""

N_NAMES = 20
"""Number of the most frequent categories with their own bin; the others share the last bin."""

Values = NDArray[np.float64]


def reference(features: pd.DataFrame) -> str:
    """Describe the distribution of features: edges of bins, and the number of rows in each bin.

    A feature with k edges has k + 2 bins: below the first edge, on it, up to each of the others,
    and above the last, where missing values count too. The edges of categories are their
    positions in the list of names.

    Returns:
        The objects ``edges``, ``counts`` and ``names`` as JSON, which loads faster than YAML.
    """
    edges: dict[str, list[float]] = {}
    counts, names = {}, {}
    for name, column in features.items():
        key, values, cuts = str(name), np.empty(0), np.empty(0)
        if pd.api.types.is_numeric_dtype(column):
            values = column.to_numpy(np.float64, na_value=np.nan)
            steps = np.linspace(0, 1, N_BINS + 1)
            finite = values[~np.isnan(values)]
            cuts = np.quantile(finite, steps, method="inverted_cdf") if finite.size else cuts
        elif known := column.value_counts().index[:N_NAMES].tolist():
            names[key], cuts = known, np.arange(len(known), dtype=np.float64)
            values = _places(column, known)
        if len(cuts):
            edges[key] = np.unique(cuts).tolist()
            counts[key] = _count(values, edges[key]).tolist()
    return json.dumps({"edges": edges, "counts": counts, "names": names}, separators=(",", ":"))


class Window:
    """Window of the most recent rows; thread-safe."""

    def __init__(self, reference: str, n_rows: int) -> None:
        facts = json.loads(reference)
        self._edges: dict[str, list[float]] = facts["edges"]
        self._counts: dict[str, list[int]] = facts["counts"]
        self._names: dict[str, list[str]] = facts.get("names", {})
        self._values = np.empty((n_rows, len(self._edges)))
        self._n_seen = 0
        self._lock = Lock()

    def add(self, features: pd.DataFrame) -> bool:
        """Add rows; return whether they complete a window of new rows."""
        size = len(self._values)
        newest = features[[*self._edges]].tail(size)
        codes = {key: _places(newest[key], known) for key, known in self._names.items()}
        values = newest.assign(**codes).to_numpy(np.float64, na_value=np.nan)
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
        for (name, edges), column in zip(self._edges.items(), values.T, strict=True):
            counts = np.array([self._counts[name], _count(column, edges)])
            n_rows = counts.sum(axis=1, keepdims=True)
            p, q = np.maximum(counts / n_rows, 0.5 / n_rows.min())
            found[name] = float(((p - q) * np.log(p / q)).sum())
        return found

    def chance(self, name: str) -> float:
        """Return the PSI that samples of this size rarely exceed without drift.

        Without drift, PSI is about (1/n + 1/m) times a chi-squared variable with one degree of
        freedom fewer than bins: this is its mean plus four standard deviations. Source: Yurdakul,
        Statistical Properties of Population Stability Index, Western Michigan University, 2018.
        """
        n_free = len(self._edges[name])
        rows = 1 / sum(self._counts[name]) + 1 / len(self._values)
        return float((n_free + 4 * np.sqrt(2 * n_free)) * rows)


def _places(column: pd.Series, names: list[str]) -> Values:
    """Encode categories by their position in a list; others and missing ones by its length."""
    places = pd.Index(names, dtype=object).get_indexer(pd.Index(column)).astype(np.float64)
    return np.where(places < 0, len(names), places)


def _count(values: Values, edges: list[float]) -> NDArray[np.int64]:
    bins = np.searchsorted(edges, values) + ~(values < edges[0])  # NaN sorts above the last edge.
    return np.bincount(bins, minlength=len(edges) + 2)
