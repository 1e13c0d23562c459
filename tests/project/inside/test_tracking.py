"""A model is of the table that the schema is of."""

from typing import Any

import pytest

from my_ml_project import tracking
from my_ml_project.settings import PROJECT, Settings

URI = f"models:/{PROJECT}/1"

pytestmark = pytest.mark.usefixtures("trained")


def fits() -> bool:
    with tracking.connection(Settings()):
        return tracking.fits(URI)


def test_a_model_fits_the_schema_that_it_was_trained_with(monkeypatch: pytest.MonkeyPatch) -> None:
    assert fits()
    monkeypatch.setattr(tracking, "COLUMNS", [*tracking.COLUMNS, "another"])
    assert not fits()


def test_a_model_that_carries_no_columns_is_known_by_its_signature(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    nothing: dict[str, Any] = {}
    monkeypatch.setattr(tracking, "metadata", lambda _: nothing)
    assert fits()
    monkeypatch.setattr(tracking, "UNLABELLED", tracking.UNLABELLED.remove_columns(["pixel_0_0"]))
    assert not fits()
