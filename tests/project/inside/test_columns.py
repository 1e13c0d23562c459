"""Each kind of column takes text and typed values, and names what it cannot take."""

from typing import Any

import pandas as pd
import pytest
from pandera.pandas import Column, DataFrameSchema

from my_ml_project import columns
from my_ml_project.errors import UserError


def check(column: Column, values: Any) -> list[Any]:
    rows = pd.DataFrame({"x": pd.Series(values)})
    return list(columns.check(rows, "rows.csv", DataFrameSchema({"x": column}))["x"])


@pytest.mark.parametrize(
    ("column", "values", "expected"),
    [
        (columns.number(), ["1", " 2.5 ", "1e3"], [1, 2.5, 1000]),
        (columns.number(decimal=",", thousands="."), ["1.234,5", "2"], [1234.5, 2]),
        (columns.number(), ["$5", "7%", "3 €"], [5, 7, 3]),
        (columns.number(), [1, 2], [1, 2]),
        (columns.boolean("yes", "no"), ["yes", "NO"], [1, 0]),
        (columns.boolean(), [True, False], [1, 0]),
        (columns.category("a", "b"), ["a ", "b"], ["a", "b"]),
        (columns.category("1", "2"), [1.0, 2.0], ["1", "2"]),
        (columns.timestamp("%d.%m.%Y"), ["02.01.2024"], [pd.Timestamp("2024-01-02")]),
        (columns.timestamp(), ["2024-01-02T10:00+02:00"], [pd.Timestamp("2024-01-02 08:00")]),
        (columns.label("no", "yes"), ["No", "yes"], ["no", "yes"]),
        (columns.label("a", "A"), ["A", "a"], ["A", "a"]),
        (columns.label(0, 1), ["0", "1"], [0, 1]),
        (columns.label(0, 1), [0.0, 1.0], [0, 1]),
        (columns.label(0, 1), ["0.0", "1.0"], [0, 1]),
        (columns.label(), ["0.5"], [0.5]),
    ],
)
def test_values_become_what_the_column_is(column: Column, values: Any, expected: Any) -> None:
    assert check(column, values) == expected


@pytest.mark.parametrize(
    "column",
    [
        columns.number(nullable=True),
        columns.boolean(nullable=True),
        columns.category("a", nullable=True),
        columns.timestamp(nullable=True),
    ],
)
def test_words_for_a_missing_value_are_missing(column: Column) -> None:
    assert all(map(pd.isna, check(column, ["", "NA", "null", None])))


@pytest.mark.parametrize(
    ("column", "value"),
    [
        (columns.number(), "x"),
        (columns.number(0, 1), "2"),
        (columns.number(0), "-1"),
        (columns.number(maximum=0), "1"),
        (columns.boolean(), "perhaps"),
        (columns.category("a"), "b"),
        (columns.timestamp("%Y-%m-%d"), "soon"),
        (columns.label("no", "yes"), "x"),
    ],
)
def test_a_wrong_value_is_named_with_its_row(column: Column, value: str) -> None:
    with pytest.raises(UserError, match=rf"column 'x', row 0: '?{value}.* violates "):
        check(column, [value])
