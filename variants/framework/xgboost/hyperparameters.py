"""Hyperparameters of the model, with their limits."""

from pydantic import BaseModel, Field, NonNegativeFloat, PositiveFloat, PositiveInt


class Hyperparameters(BaseModel, use_attribute_docstrings=True):
    """Hyperparameters."""

    n_estimators: PositiveInt = 200
    """Boosting rounds; with three or more classes, one tree per class each."""

    learning_rate: PositiveFloat = 0.1
    """Weight of each tree; smaller values need more rounds."""

    max_depth: PositiveInt = 6
    """Maximum depth of each tree."""

    min_child_weight: NonNegativeFloat = 1
    """Minimum sum of the weights of the rows in a leaf; for numbers, their count."""

    subsample: float = Field(default=0.8, gt=0, le=1)
    """Fraction of the rows that each round draws."""

    colsample_bytree: float = Field(default=0.8, gt=0, le=1)
    """Fraction of the features that each tree considers."""

    reg_lambda: NonNegativeFloat = 1
    """L2 regularization of the values of the leaves."""

    threads: PositiveInt | None = Field(default=None, exclude=True)
    """CPU threads of a training; all cores if unset."""
