"""What a request may hold, and how what it may not is named."""

import json
from typing import Any

import pytest
from pandas.testing import assert_frame_equal

from my_ml_project import schema
from my_ml_project.serving.payload import COLUMNS, Payload, RefusedError

from .. import synthetic
from .conftest import rows


def encode(*rows: dict[str, Any]) -> bytes:
    return json.dumps({"rows": rows}).encode()


def refuse(body: bytes) -> RefusedError:
    with pytest.raises(RefusedError) as refused:
        Payload(1000).read(body)
    return refused.value


def test_rows_become_the_table_of_the_schema_whatever_the_order_of_columns() -> None:
    sent = [dict(reversed(row.items())) for row in rows(5)]
    expected = synthetic.rows(5, 1, schema.UNLABELLED)
    assert_frame_equal(Payload(1000).read(encode(*sent)).table, expected, check_exact=False)


@pytest.mark.parametrize("value", [[1], {"a": 1}, float("nan"), float("inf"), 10**400])
def test_a_wrong_value_is_named_with_its_row(value: object) -> None:
    name, (first, second) = schema.FEATURES[0], rows(2)
    (problem,) = refuse(encode(first, second | {name: value})).problems
    assert problem["field"] == f"rows[1].{name}"
    assert len(problem["value"]) < 50
    assert problem["limits"]


def test_a_text_that_no_column_has_is_named_with_what_is_allowed() -> None:
    name, value = synthetic.wrong()
    (problem,) = refuse(encode(*rows(1), rows(1)[0] | {name: value})).problems
    assert problem["field"] == f"rows[1].{name}"
    assert problem["limits"]


@pytest.mark.parametrize("name", schema.FEATURES[:5])
def test_a_column_may_lack_where_it_may_be_missing(name: str) -> None:
    row = rows(1)[0]
    for body in (row | {name: None}, {key: row[key] for key in row if key != name}):
        if schema.UNLABELLED.columns[name].nullable:
            assert Payload(1).read(encode(body)).table[name].isna().all()
        else:
            assert refuse(encode(body)).problems[0]["field"] == f"rows[0].{name}"


def test_blanks_around_categories_are_dropped() -> None:
    row = rows(1)[0]
    texts = [name for name in row if str(COLUMNS[name].dtype) == "object"]
    words = {name: f" {row[name]} " for name in texts}
    expected = Payload(1).read(encode(row)).table
    assert_frame_equal(Payload(1).read(encode(row | words)).table, expected)


def test_too_many_further_columns_are_refused() -> None:
    row = rows(1)[0] | {f"further {number}": 1 for number in range(200)}
    assert refuse(encode(row)).problems[0]["field"] == "rows[0]"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"rows":1}',
        b'{"rows":[]}',
        b"\xff",
        encode(*rows(1))[:-1],
        encode(*rows(1)) + b"x",
    ],
)
def test_a_body_without_rows_is_refused(body: bytes) -> None:
    assert len(refuse(body).problems) == 1


def test_too_many_rows_are_refused_with_the_limit() -> None:
    with pytest.raises(RefusedError, match="1 to 2 rows"):
        Payload(2).read(encode(*rows(3)))


def test_the_example_of_the_description_is_accepted() -> None:
    payload = Payload(7)
    described = payload.openapi()["requestBody"]["content"]["application/json"]
    assert described["schema"]["properties"]["rows"]["maxItems"] == 7
    items = described["schema"]["properties"]["rows"]["items"]
    required = {name for name in COLUMNS if not COLUMNS[name].nullable}
    assert set(items.get("required", [])) == required
    assert len(payload.read(json.dumps(described["example"]).encode()).table) == 1
