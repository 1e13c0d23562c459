"""Where 'tune' looks for a hyperparameter: a range, or some values, beside the field's type.

Settings import this module, so it imports nothing of the search itself.
"""

from __future__ import annotations  # Trial is imported for its type alone.

from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

if TYPE_CHECKING:
    from optuna import Trial

Value = float | int | str | bool


@dataclass(frozen=True)
class Range:
    """Numbers between two limits, both included; whole ones where the field is an ``int``."""

    low: float
    high: float
    log: bool = False
    """Whether a factor counts the same everywhere, as it does for a learning rate."""


@dataclass(frozen=True)
class Choice:
    """Some values without an order; all of them where the field is a ``Literal``."""

    values: tuple[Value, ...] = ()


def space(model: type[BaseModel]) -> dict[str, Range | Choice]:
    """Name the fields that say where to look, and where that is."""
    return {
        name: place
        for name, field in model.model_fields.items()
        for place in field.metadata
        if isinstance(place, Range | Choice)
    }


def suggest(trial: Trial, model: type[BaseModel]) -> dict[str, Value | None]:
    """Draw a value for each field that says where to look."""
    fields = model.model_fields
    return {name: _draw(trial, name, fields[name], at) for name, at in space(model).items()}


def values(choice: Choice, field: FieldInfo) -> tuple[Value, ...]:
    """List what there is to choose from."""
    return choice.values or get_args(field.annotation)


def _draw(trial: Trial, name: str, field: FieldInfo, place: Range | Choice) -> Value | None:
    if isinstance(place, Choice):
        return trial.suggest_categorical(name, values(place, field))
    if field.annotation is int:
        return trial.suggest_int(name, int(place.low), int(place.high), log=place.log)
    return trial.suggest_float(name, place.low, place.high, log=place.log)
