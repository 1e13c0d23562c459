"""The distribution that a model carries, and how far rows are from it."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from my_ml_project import alerts
from my_ml_project.serving import drift
from my_ml_project.serving.commands import Serve
from my_ml_project.serving.deployment import Deployment

RANDOM = np.random.default_rng(0)
TRAINING = pd.DataFrame({"x": RANDOM.normal(size=2000), "y": RANDOM.integers(0, 3, 2000) / 1.0})


def test_each_row_of_the_training_is_in_one_bin() -> None:
    names = np.array(["a", "b", None], object)[RANDOM.integers(0, 3, 2000)]
    facts = json.loads(drift.reference(TRAINING.assign(name=names, none=None)))
    assert list(facts["counts"]) == ["x", "y", "name"]
    assert {sum(counts) for counts in facts["counts"].values()} == {2000}
    assert len(facts["edges"]["y"]) == 3
    assert facts["counts"]["name"][-1] == pd.isna(names).sum()


def test_categories_drift_and_few_rows_are_allowed_more() -> None:
    names = pd.DataFrame({"name": pd.Series(["a", "b"] * 100, dtype=object)})
    few, many = (drift.Window(drift.reference(names), size) for size in (100, 1000))
    assert few.add(names[:100])
    assert few.psi()["name"] == pytest.approx(0)
    assert few.add(names[:100].replace({"b": "c"}))
    assert few.psi()["name"] > 1
    assert few.chance("name") > many.chance("name") > 0


def test_the_index_is_that_of_the_formula() -> None:
    window = drift.Window('{"edges":{"x":[0,1]},"counts":{"x":[0,50,50,0]}}', 100)
    window.add(pd.DataFrame({"x": [0.0] * 20 + [1.0] * 60 + [2.0] * 10 + [np.nan] * 10}))
    p, q = np.array([0.005, 0.5, 0.5, 0.005]), np.array([0.005, 0.2, 0.6, 0.2])
    assert window.psi()["x"] == pytest.approx(float(((p - q) * np.log(p / q)).sum()))


def test_a_window_keeps_the_newest_rows_and_reports_nothing_until_it_is_full() -> None:
    window = drift.Window(drift.reference(TRAINING), 500)
    assert not window.add(TRAINING[:499])
    assert window.psi() == {}
    assert window.add(TRAINING[499:500])
    assert max(window.psi().values()) < 0.1
    assert window.add(TRAINING[:700] + 10)
    assert min(window.psi().values()) > 1


@pytest.mark.parametrize(("limit", "n_alerts"), [(0.25, 2), (None, 0)])
def test_an_alert_is_sent_once_until_drift_was_below_its_limit(
    limit: float | None, n_alerts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[Any] = []
    monkeypatch.setattr(alerts, "send", lambda *given: sent.append(given))
    settings = Serve(drift_rows=500, drift_limit=limit)
    deployed = Deployment("models:/a/1", None, {"reference": drift.reference(TRAINING)}, settings)
    assert deployed.window is not None
    for shift in (0, 10, 10, 0, 10):
        deployed.window.add(TRAINING[:500] + shift)
        deployed.check_drift()
    assert len(sent) == n_alerts
