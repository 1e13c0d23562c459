"""Hyperparameters of the model, with their limits."""

from pydantic import BaseModel, Field, PositiveFloat, PositiveInt


class Hyperparameters(BaseModel, use_attribute_docstrings=True):
    """Hyperparameters."""

    learning_rate: PositiveFloat = 0.1
    """Weight of each tree; smaller values need more iterations."""

    max_iter: PositiveInt = 100
    """Boosting iterations, one tree per class each."""

    max_leaf_nodes: int = Field(default=31, ge=2)
    """Maximum number of leaves of each tree."""

    min_samples_leaf: PositiveInt = 20
    """Minimum number of training rows in a leaf."""

    max_features: float = Field(default=1, gt=0, le=1)
    """Fraction of the features that each split considers."""

    threads: PositiveInt | None = Field(default=None, exclude=True)
    """CPU threads of a training; if unset, one for a small table, else all cores."""
