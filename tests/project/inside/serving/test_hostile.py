"""A hostile request is refused soon, and in little memory."""

import json
import tracemalloc
from time import perf_counter

import pytest

from my_ml_project.serving.payload import N_PROBLEMS, Payload, RefusedError

HOSTILE = {
    "objects in a value": b'{"rows":[{"a":[%b]}]}' % b",".join([b"{}"] * 300_000),
    "rows without columns": b'{"rows":[%b]}' % b",".join([b"{}"] * 300_000),
    "unknown columns": json.dumps({"rows": [{f"c{i}": 1 for i in range(70_000)}]}).encode(),
    "one column again and again": b'{"rows":[%b]}'
    % (b"{" + b",".join([b'"a":1'] * 160_000) + b"}"),
    "deep lists": b'{"rows":' + b"[" * 1_000_000,
    "deep objects": b'{"rows":[' + b'{"a":' * 200_000,
    "long string": b'{"rows":[{"a":"%b"}]}' % (b"x" * 1_000_000),
    "string without end": b'{"rows":[{"a":"' + b'\\"' * 500_000,
    "long number": b'{"rows":[{"a":%b}]}' % (b"9" * 1_000_000),
    "spaces": b'{"rows":[' + b" " * 1_000_000,
    "not rows": b"\xff" * 1_000_000,
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_body_is_refused_soon_and_in_little_memory(body: bytes) -> None:
    tracemalloc.start()
    start = perf_counter()
    with pytest.raises(RefusedError) as refused:
        Payload(1000).read(body)
    duration_s = perf_counter() - start
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert duration_s < 2  # A second and a half more than on an idle machine.
    assert peak_bytes < 20 * len(body)
    problems = refused.value.problems
    assert len(problems) <= N_PROBLEMS
    assert len(str(problems)) < 5000
