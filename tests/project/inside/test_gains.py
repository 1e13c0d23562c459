"""A missed threshold or gain is described with its number and its limit."""

import pytest

from my_ml_project import evaluate
from my_ml_project.errors import UserError

SCORES = {"accuracy": 0.9325, "log_loss": 0.3}
GAINS = {"accuracy": -0.01492, "log_loss": -0.2}


def test_a_score_beyond_its_threshold_is_described() -> None:
    limits = {"accuracy": 0.94, "log_loss": 0.25}
    missed = evaluate._missed_thresholds(SCORES, limits)  # noqa: SLF001  (nothing public gives the phrase alone)
    assert list(missed) == [
        "accuracy 0.9325 (threshold: 0.94)",
        "log_loss 0.3000 (threshold: 0.25)",
    ]
    passed = evaluate._missed_thresholds(SCORES, {"accuracy": 0.9, "log_loss": 0.3})  # noqa: SLF001  (as above)
    assert not list(passed)


@pytest.mark.parametrize(
    ("name", "limit", "expected"),
    [
        ("accuracy", -0.01, ["accuracy dropped by 0.0149 (allowed: 0.01)"]),
        ("accuracy", 0, ["accuracy dropped by 0.0149 (allowed: 0)"]),
        ("accuracy", 0.01, ["accuracy gained -0.0149 (required: 0.01)"]),
        ("accuracy", -0.02, []),
        ("log_loss", -0.1, ["log_loss rose by 0.2000 (allowed: 0.1)"]),
    ],
)
def test_a_drop_beyond_what_is_allowed_is_described(
    name: str, limit: float, expected: list[str]
) -> None:
    assert list(evaluate._missed_gains(GAINS, {name: limit})) == expected  # noqa: SLF001  (as above)


def test_an_unknown_metric_is_refused_with_its_setting() -> None:
    with pytest.raises(UserError, match=r"gains: unknown metric 'speed'; choose accuracy"):
        list(evaluate._missed_gains(GAINS, {"speed": 1}))  # noqa: SLF001  (as above)
