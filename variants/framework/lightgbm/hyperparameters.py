"""Hyperparameters of the model, with their limits."""

from pydantic import BaseModel, Field, NonNegativeFloat, PositiveFloat, PositiveInt


class Hyperparameters(BaseModel, use_attribute_docstrings=True):
    """Hyperparameters."""

    n_estimators: PositiveInt = 200
    """Boosting rounds; with three or more classes, one tree per class each."""

    learning_rate: PositiveFloat = 0.05
    """Weight of each tree; smaller values need more rounds."""

    num_leaves: int = Field(default=31, ge=2)
    """Maximum number of leaves of each tree."""

    min_child_samples: PositiveInt = 20
    """Minimum number of training rows in a leaf."""

    subsample: float = Field(default=0.8, gt=0, le=1)
    """Fraction of the rows that each round draws."""

    colsample_bytree: float = Field(default=0.8, gt=0, le=1)
    """Fraction of the features that each tree considers."""

    reg_lambda: NonNegativeFloat = 0
    """L2 regularization of the values of the leaves."""

    threads: PositiveInt | None = Field(default=None, exclude=True)
    """CPU threads of a training; all cores if unset."""
