"""How far rows of today are from those of the training: bins, counts, and an index of stability.

It knows tables of numbers, and neither the schema nor the model.
"""

import json
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

N_BINS = 10
"""Bins of a feature, at most, besides those of its least value and of what is out of range."""

Counts = NDArray[np.int64]
Bins = NDArray[np.uint8]


@dataclass(frozen=True)
class Reference:
    """How the features of a training were distributed.

    A feature with k edges has k + 2 bins: below the first edge, on it, up to each of the others,
    and above the last. The first and the last bin are those of values that the training never saw;
    a missing value is among the last.
    """

    edges: dict[str, list[float]]
    """Edges of each feature, rising, from its least to its greatest value."""

    counts: dict[str, list[int]]
    """Rows of the training in each bin."""

    @classmethod
    def of(cls, features: pd.DataFrame) -> Self:
        """Cut each feature where its deciles are; equal deciles are one edge."""
        quantiles = np.linspace(0, 1, N_BINS + 1)
        names, values = features.columns.astype(str), features.to_numpy(np.float64)
        cuts = np.nanquantile(values, quantiles, axis=0, method="inverted_cdf").T
        edges = {name: np.unique(cut).tolist() for name, cut in zip(names, cuts, strict=True)}
        empty = cls(edges, {name: [0] * (len(cut) + 2) for name, cut in edges.items()})
        counts = empty.count(empty.bins(values))
        lengths = map(len, empty.counts.values())
        found = [row[:length].tolist() for row, length in zip(counts, lengths, strict=True)]
        return cls(edges, dict(zip(edges, found, strict=True)))

    def to_json(self) -> str:
        """Write it down on one line."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def read(cls, text: str) -> Self:
        """Take it back from what ``to_json`` wrote."""
        facts: Mapping[str, Any] = json.loads(text)
        return cls(facts["edges"], facts["counts"])

    @cached_property
    def _edges(self) -> NDArray[np.float64]:
        """Edges, shape (n_features, n_edges); filled up with infinity, which nothing exceeds."""
        n_edges = max(map(len, self.edges.values()))
        rows = [cut + [np.inf] * (n_edges - len(cut)) for cut in self.edges.values()]
        return np.array(rows, dtype=np.float64)

    @cached_property
    def _counts(self) -> Counts:
        """Rows of the training, shape (n_features, n_bins); filled up with bins without rows."""
        n_bins = self._edges.shape[1] + 2
        rows = [one + [0] * (n_bins - len(one)) for one in self.counts.values()]
        return np.array(rows, dtype=np.int64)

    def bins(self, values: NDArray[np.float64]) -> Bins:
        """Number the bin of each value: shape (n_rows, n_features) in and out."""
        last = np.array([len(cut) + 1 for cut in self.edges.values()], dtype=np.uint8)
        above = (values[..., None] > self._edges).sum(axis=-1, dtype=np.uint8)
        found = above + (values >= self._edges[:, 0])
        return np.where(np.isnan(values), last, found).astype(np.uint8)

    def count(self, bins: Bins) -> Counts:
        """Count the rows in each bin: shape (n_rows, n_features) in, (n_features, n_bins) out."""
        n_features, n_edges = self._edges.shape
        n_bins = n_edges + 2
        cells = bins + np.arange(n_features) * n_bins
        counted = np.bincount(cells.ravel(), minlength=n_features * n_bins)
        return counted.reshape(n_features, n_bins)

    def psi(self, counts: Counts) -> dict[str, float]:
        """Population stability index of each feature, from 0 on; counts as ``count`` gives them.

        The sum of (p - q) ln(p / q) over the bins, with p and q the shares of the rows in a bin.
        Below 0.1 counts as stable, above 0.25 as shifted. Source: Siddiqi, Credit Risk Scorecards,
        Wiley, 2006; the sum is the divergence J of Kullback and Leibler, On Information and
        Sufficiency, 1951.

        A share smaller than half a row of the smaller sample is taken for half a row: a bin that
        is empty on one side has a finite part in the sum, one that is empty on both has none.
        """
        n_reference, n_rows = self._counts[0].sum(), counts[0].sum()
        least = 0.5 / min(n_reference, n_rows)
        p, q = (np.maximum(one / one[0].sum(), least) for one in (self._counts, counts))
        found = ((p - q) * np.log(p / q)).sum(axis=1)
        return dict(zip(self.edges, found.tolist(), strict=True))


class Window:
    """The last rows that were seen, as bins; several threads may add to it."""

    def __init__(self, reference: Reference, n_rows: int) -> None:
        self.reference = reference
        self._bins = np.zeros((n_rows, len(reference.edges)), dtype=np.uint8)
        self._n_seen = 0
        self._lock = threading.Lock()

    def add(self, values: NDArray[np.float64]) -> bool:
        """Take rows in, shape (n_rows, n_features); say whether they end a window of new ones."""
        size = len(self._bins)
        bins = self.reference.bins(values[-size:])
        with self._lock:
            places = (self._n_seen + np.arange(len(bins))) % size
            self._bins[places] = bins
            n_before, self._n_seen = self._n_seen, self._n_seen + len(bins)
            return n_before // size < self._n_seen // size

    @property
    def n_rows(self) -> int:
        """Rows in it."""
        return min(self._n_seen, len(self._bins))

    def psi(self) -> dict[str, float]:
        """Stability index of each feature; none until the window is full: chance would show."""
        with self._lock:
            if self._n_seen < len(self._bins):
                return {}
            bins = self._bins.copy()
        return self.reference.psi(self.reference.count(bins))
