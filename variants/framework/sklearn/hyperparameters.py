"""Knobs of the model: limits in their types, ranges of 'tune' beside them."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, Field, PositiveFloat, PositiveInt

from .search import Range


class Hyperparameters(BaseModel, use_attribute_docstrings=True):
    """What shapes the model."""

    learning_rate: Annotated[PositiveFloat, Range(0.02, 0.5, log=True)] = 0.2
    """Weight of each tree; smaller values need more iterations."""

    max_iter: PositiveInt = 60
    """Boosting iterations, one tree a class each."""

    max_leaf_nodes: Annotated[int, Range(4, 64, log=True)] = Field(default=31, ge=2)
    """Leaves of each tree."""

    min_samples_leaf: Annotated[PositiveInt, Range(1, 50, log=True)] = 5
    """Training rows in a leaf at least."""

    max_features: Annotated[float, Range(0.05, 1, log=True)] = Field(default=0.1, gt=0, le=1)
    """Share of the features that each split looks at."""

    threads: PositiveInt | None = Field(default=None, exclude=True)
    """CPU threads of a training; all cores when unset."""

    def apart(self, folder: Path) -> Self:  # noqa: ARG002  (a training of trees writes no files)
        """Return a copy whose training keeps its files in a folder of its own."""
        return self
