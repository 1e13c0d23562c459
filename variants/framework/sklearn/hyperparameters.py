"""Knobs of the model. Their limits stand in their types."""

from pydantic import BaseModel, Field, PositiveFloat, PositiveInt


class Hyperparameters(BaseModel, use_attribute_docstrings=True):
    """What shapes the model."""

    learning_rate: PositiveFloat = 0.2
    """Weight of each tree; smaller values need more iterations."""

    max_iter: PositiveInt = 60
    """Boosting iterations, one tree a class each."""

    max_leaf_nodes: int = Field(default=31, ge=2)
    """Leaves of each tree."""

    min_samples_leaf: PositiveInt = 5
    """Training rows in a leaf at least."""

    max_features: float = Field(default=0.1, gt=0, le=1)
    """Share of the features that each split looks at."""

    threads: PositiveInt | None = Field(default=None, exclude=True)
    """CPU threads of a training; all cores when unset."""
