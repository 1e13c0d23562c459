"""Knobs of the model and of its training. Their limits stand in their types."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, NonNegativeFloat, PositiveFloat, PositiveInt
from pydantic_settings import CliImplicitFlag


class Hyperparameters(BaseModel, use_attribute_docstrings=True):
    """What shapes the model, and how its training runs."""

    epochs: PositiveInt = 25
    """Passes over the training rows."""

    batch_size: PositiveInt = 64
    """Rows in each step of the optimizer."""

    learning_rate: PositiveFloat = 2e-3
    """Step size of AdamW."""

    weight_decay: NonNegativeFloat = 0.01
    """Share of each weight, times the learning rate, that each step takes away."""

    n_channels: PositiveInt = 32
    """Channels of the first convolution; the second has twice as many."""

    dropout: float = Field(default=0.2, ge=0, lt=1)
    """Share of the features that each training step hides from the last layer."""

    # What is excluded below says how a training runs, not what comes out: its record leaves it out.

    device: Literal["auto", "cpu", "cuda"] = Field(default="auto", exclude=True)
    """Where the training runs; 'auto' takes the GPU that is there, or the CPU."""

    checkpoint_path: Path = Field(default=Path("models/checkpoint.npz"), exclude=True)
    """Where each epoch leaves its state, until the training has ended well."""

    resume: CliImplicitFlag[bool] = Field(default=False, exclude=True)
    """Go on from the checkpoint instead of from the beginning."""
