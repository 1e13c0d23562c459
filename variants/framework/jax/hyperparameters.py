"""Hyperparameters of the model and of its training, with their limits."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, NonNegativeFloat, PositiveFloat, PositiveInt


class Hyperparameters(BaseModel, use_attribute_docstrings=True):
    """Hyperparameters."""

    epochs: PositiveInt = 25
    """Passes over the training rows."""

    batch_size: PositiveInt = 64
    """Maximum rows in each step of the optimizer; small tables get smaller batches."""

    learning_rate: PositiveFloat = 2e-3
    """Step size of AdamW in the first epoch; it falls to 0."""

    weight_decay: NonNegativeFloat = 0.01
    """Weight decay of AdamW."""

    n_hidden: PositiveInt = 128
    """Units of each of the two hidden layers."""

    dropout: float = Field(default=0.2, ge=0, lt=1)
    """Fraction of the hidden units that each training step drops."""

    # The settings below do not affect the model, so runs do not record them.

    device: Literal["auto", "cpu", "cuda"] = Field(default="auto", exclude=True)
    """Training device; 'auto' takes all GPUs if there are any, else the CPU."""

    checkpoint_path: Path | None = Field(default=Path("models/checkpoint.npz"), exclude=True)
    """Checkpoint, written after each epoch; null writes none."""

    resume: bool = Field(default=False, exclude=True)
    """Continue from the checkpoint instead of starting from scratch."""
