"""Any body is read or refused; FUZZ_EXAMPLES says how many are tried."""

import json
import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from my_ml_project import schema
from my_ml_project.serving.deployment import Deployment
from my_ml_project.serving.payload import LENGTH, N_PROBLEMS, Payload, RefusedError

from .conftest import Service, rows

MAX_ROWS = 8
FUZZ = settings(
    max_examples=int(os.environ.get("FUZZ_EXAMPLES", "100")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
NAMES = st.sampled_from(list(schema.UNLABELLED.columns)) | st.text(max_size=5)
VALUES = st.recursive(PLAIN, lambda inner: st.lists(inner) | st.dictionaries(NAMES, inner))
VALID = rows(MAX_ROWS)


@st.composite
def nearly_valid(draw: st.DrawFn) -> bytes:
    """A valid request with some values, columns or bytes that are not."""
    made: list[dict[str, Any]] = [dict(row) for row in VALID[: draw(st.integers(0, MAX_ROWS))]]
    for row in made:
        row.update(draw(st.dictionaries(NAMES, VALUES, max_size=2)))
    body = json.dumps({"rows": made} | draw(st.dictionaries(NAMES, VALUES, max_size=1))).encode()
    at = draw(st.integers(0, len(body)))
    return body[:at] + draw(st.binary(max_size=3)) + body[at + draw(st.integers(0, 3)) :]


BODIES = st.binary() | VALUES.map(lambda value: json.dumps(value).encode()) | nearly_valid()


@FUZZ
@given(BODIES)
def test_any_body_is_a_table_or_refused_with_short_reasons(body: bytes) -> None:
    try:
        table = Payload(MAX_ROWS).read(body).table
    except RefusedError as error:
        refused = error
    else:
        assert [*table.columns] == [*schema.UNLABELLED.columns]
        assert 1 <= len(table) <= MAX_ROWS
        assert "object" not in {str(dtype) for dtype in table.dtypes}
        return
    assert 1 <= len(refused.problems) <= N_PROBLEMS
    for problem in refused.problems:
        assert set(problem) == {"field", "value", "limits", "reason"}
        assert len(problem["value"]) <= LENGTH + 3
        assert max(map(len, problem.values())) < 1000


@pytest.fixture(scope="session")
def client(deployed: Deployment) -> Service:
    return Service(deployed, max_rows=MAX_ROWS, max_body_bytes=4096)


@FUZZ
@given(body=BODIES, content_type=st.sampled_from(["application/json", "text/plain", ""]))
def test_the_service_answers_any_body(body: bytes, content_type: str, client: Service) -> None:
    answer = client.post("/predict", content=body, headers={"Content-Type": content_type})
    assert answer.status_code in {200, 413, 422}
    assert len(answer.content) < 20_000
    if answer.status_code == 422:
        assert answer.json()["problems"]
