"""Knobs of the model and of its training: limits in their types, ranges of 'tune' beside them."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, NonNegativeFloat, PositiveFloat, PositiveInt
from pydantic_settings import CliImplicitFlag

from .search import Choice, Range


class Hyperparameters(BaseModel, use_attribute_docstrings=True):
    """What shapes the model, and how its training runs."""

    epochs: PositiveInt = 25
    """Passes over the training rows."""

    batch_size: Annotated[PositiveInt, Choice((32, 64, 128))] = 64
    """Rows in each step of the optimizer."""

    learning_rate: Annotated[PositiveFloat, Range(2e-4, 2e-2, log=True)] = 2e-3
    """Step size of AdamW."""

    weight_decay: Annotated[NonNegativeFloat, Range(1e-3, 1, log=True)] = 0.01
    """Share of each weight, times the learning rate, that each step takes away."""

    n_channels: Annotated[PositiveInt, Range(8, 64, log=True)] = 32
    """Channels of the first convolution; the second has twice as many."""

    dropout: Annotated[float, Range(0, 0.6)] = Field(default=0.2, ge=0, lt=1)
    """Share of the features that each training step hides from the last layer."""

    # What is excluded below says how a training runs, not what comes out: its record leaves it out.

    device: Literal["auto", "cpu", "cuda"] = Field(default="auto", exclude=True)
    """Where the training runs; 'auto' takes the GPU that is there, or the CPU."""

    checkpoint_path: Path = Field(default=Path("models/checkpoint.npz"), exclude=True)
    """Where each epoch leaves its state, until the training has ended well."""

    resume: CliImplicitFlag[bool] = Field(default=False, exclude=True)
    """Go on from the checkpoint instead of from the beginning."""

    def apart(self, folder: Path) -> Self:
        """Return a copy whose training keeps its files in a folder of its own."""
        path = folder / self.checkpoint_path.name
        return self.model_copy(update={"checkpoint_path": path, "resume": False})
