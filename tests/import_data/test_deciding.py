"""What each column is, and what it is for."""

from typing import Any

import pandas as pd
import pytest

from copier_ml.import_data.inside.deciding import Table, Wishes, decide
from copier_ml.import_data.inside.kinds import examine

N = range(60)


def table(**columns: Any) -> pd.DataFrame:
    """Make a table with a target; columns are text."""
    rows = {"y": ["no", "yes", "no"] * 20} | columns
    return pd.DataFrame({name: list(map(str, values)) for name, values in rows.items()})


def roles(found: Table) -> dict[str, tuple[str, str]]:
    return {one.column.name: (one.role, one.reason) for one in found.decisions}


@pytest.mark.parametrize(
    ("values", "kind", "options"),
    [
        (["1", "2.5", "-3e2"], "number", {}),
        (["1,5", "2", "0,125"], "number", {"decimal": ","}),
        (["1.234,5", "2"], "number", {"decimal": ",", "thousands": "."}),
        (["1,234", "22,000"], "number", {"thousands": ","}),
        (["0,234", "0,500"], "number", {"decimal": ","}),
        (["1 234,5", "2"], "number", {"decimal": ",", "thousands": " "}),
        (["$5", "€ 7", "9 %", "?"], "number", {}),
        (["yes", "no", "NA"], "boolean", {"true": "yes", "false": "no"}),
        (["TRUE", "FALSE"], "boolean", {"true": "TRUE", "false": "FALSE"}),
        (["nein", "ja"], "boolean", {"true": "ja", "false": "nein"}),
        (["2024-02-29", "2023-01-01"], "timestamp", {"format": "%Y-%m-%d"}),
        (["29.02.2024 10:00", ""], "timestamp", {"format": "%d.%m.%Y %H:%M"}),
        (["12/31/2024", "01/02/2024"], "timestamp", {"format": "%m/%d/%Y"}),
        (["2024-01-01T10:00:00+02:00"], "timestamp", {"format": "%Y-%m-%dT%H:%M:%S%z"}),
        (["b", "a", "b", ""], "category", {"categories": ["a", "b"]}),
        (["1", "2", "3+", "3+"], "category", {"categories": ["1", "2", "3+"]}),
        ([f"name {n}" for n in N], "text", {}),
    ],
)
def test_text_tells_its_kind(values: list[str], kind: str, options: dict[str, Any]) -> None:
    found = examine(pd.Series(values * 2 if kind != "text" else values, name="x"))
    assert (found.kind, found.options) == (kind, options)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (pd.Series([1, None, 3], dtype="Int64"), "number"),
        (pd.Series([True, None], dtype=object), "boolean"),
        (pd.Series([True, False]), "boolean"),
        (pd.to_datetime(pd.Series(["2024-01-01", None])), "timestamp"),
        (pd.Series(["a", "b"], dtype="category"), "category"),
    ],
)
def test_types_of_parquet_are_kept(values: pd.Series, kind: str) -> None:
    assert examine(values.rename("x")).kind == kind


def test_many_categories_may_be_new_ones() -> None:
    found = examine(pd.Series([f"c{n % 60}" for n in range(600)], name="x"))
    assert (found.kind, found.options, found.n_unique) == ("category", {}, 60)


def test_what_cannot_be_a_feature_is_left_out_with_the_option_that_keeps_it() -> None:
    rows = table(
        number=[n % 7 for n in N],
        counter=N,
        customer_id=[n * 7 % 61 for n in N],
        **{"Unnamed: 0": [n * 7 % 61 for n in N]},
        ident=[n * 7 % 61 for n in N],
        name=[f"n{n}" for n in N],
        same=["a"] * 60,
        none=[""] * 60,
        copy=["0", "1", "0"] * 20,
    )
    found = roles(decide(rows, Wishes("y")))
    assert found.pop("number") == ("feature", "")
    assert found.pop("ident") == ("feature", "")
    assert found.pop("y") == ("target", "")
    assert {name: reason for name, (_, reason) in found.items()} == {
        "counter": "numbers the rows (--keep uses it)",
        "Unnamed: 0": "is called an id, and hardly repeats (--keep uses it)",
        "customer_id": "is called an id, and hardly repeats (--keep uses it)",
        "name": "names a row (--keep uses it)",
        "same": "one value only",
        "none": "all values are missing",
        "copy": "a copy of y (--keep uses it)",
    }
    kept = roles(
        decide(rows, Wishes("y", "counter", keep=("counter", "name", "copy"), drop=("number",)))
    )
    assert kept["name"][0] == kept["copy"][0] == "feature"
    assert (kept["counter"][0], kept["number"][0]) == ("id", "left out")


@pytest.mark.parametrize(
    ("target", "task", "classes"),
    [
        (["b", "a", "c"] * 20, "classification", ("a", "b", "c")),
        (["yes", "no", "no"] * 20, "classification", ("no", "yes")),
        (["3", "1", "2"] * 20, "classification", (1, 2, 3)),
        (["0.5", "1", "2"] * 20, "regression", ()),
        ([n // 2 for n in N], "regression", ()),
        (["1"] * 29 + ["2"] * 29 + ["3"] * 2, "regression", ()),
    ],
)
def test_the_task_follows_from_the_target(target: Any, task: str, classes: tuple[Any, ...]) -> None:
    found = decide(table(y=target, x=[n % 7 for n in N]), Wishes("y"))
    assert (found.task, found.classes) == (task, classes)


def test_the_task_can_be_named() -> None:
    rows = table(y=[n % 3 for n in N], x=[n % 7 for n in N])
    assert decide(rows, Wishes("y", task="regression")).classes == ()


def test_rows_without_a_target_are_counted() -> None:
    found = decide(table(y=["a", "b", ""] * 20, x=[n % 7 for n in N]), Wishes("y"))
    assert (found.n_rows, found.n_without_target) == (40, 20)


@pytest.mark.parametrize(
    ("columns", "options", "message"),
    [
        ({}, {"target": "z"}, "there is no column 'z'; there are y, x"),
        ({}, {"id": "z"}, "there is no column 'z'"),
        ({}, {"id": "y"}, "'y' is the target"),
        ({"y": N}, {}, "is an identifier: it numbers the rows"),
        ({"y": [f"n{n}" for n in N]}, {}, "it is an identifier, or free text"),
        ({"y": ["a"] * 60}, {}, "has only one value: a"),
        ({"y": ["a", *[""] * 59]}, {}, "1 rows have a value of 'y'; 20 are needed"),
        ({"y": ["a"] * 58 + ["b"] * 2}, {}, "class 'b' of 'y' has 2 row"),
        ({"y": ["2024-01-01", "2024-01-02"] * 30}, {}, "is a date"),
        ({"y": ["a", "b"] * 30}, {"task": "regression"}, "has a value that is no number: 'a'"),
        ({"x": [*range(100, 159), "oops"]}, {}, "column 'x' has numbers, and 'oops' in row 59"),
        ({"x": [*range(100, 159), "inf"]}, {}, "column 'x' has the infinite value 'inf' in row 59"),
        ({"x": ["a"] * 60}, {}, "no feature column is left"),
    ],
)
def test_what_cannot_be_used_is_named(
    columns: dict[str, Any], options: dict[str, Any], message: str
) -> None:
    rows = table(**{"x": [n % 7 for n in N]} | columns)
    with pytest.raises(ValueError, match=message):
        decide(rows, Wishes(**{"target": "y"} | options))
