"""Unit tests of extensions/matrix.py: every framework, Python and CUDA, valid or refused."""

import itertools
import json

import pytest
from conftest import domain
from loaded import matrix

CELLS = list(itertools.product(*map(domain, ("framework", "python_version", "cuda_version"))))

LINES = {
    ("pytorch", "none"): "2.15",
    ("pytorch", "12.6"): "2.14",
    ("pytorch", "13.0"): "2.15",
    ("pytorch", "13.2"): "2.15",
    ("jax", "none"): "0.12",
    ("jax", "12.6"): "0.12",
    ("jax", "13.0"): "0.12",
}
"""The newest release line that serves a framework and a CUDA."""

REFUSED = {
    ("sklearn", "12.6"): "scikit-learn has no separate build for CUDA 12.6: answer none.",
    ("sklearn", "13.0"): "scikit-learn has no separate build for CUDA 13.0: answer none.",
    ("sklearn", "13.2"): "scikit-learn has no separate build for CUDA 13.2: answer none.",
    ("xgboost", "12.6"): "XGBoost has no separate build for CUDA 12.6: answer none.",
    ("xgboost", "13.0"): "XGBoost has no separate build for CUDA 13.0: answer none.",
    ("xgboost", "13.2"): "XGBoost has no separate build for CUDA 13.2: answer none.",
    ("lightgbm", "12.6"): "LightGBM has no separate build for CUDA 12.6: answer none.",
    ("lightgbm", "13.0"): "LightGBM has no separate build for CUDA 13.0: answer none.",
    ("lightgbm", "13.2"): "LightGBM has no separate build for CUDA 13.2: answer none.",
    ("jax", "13.2"): "JAX has no separate build for CUDA 13.2: answer 12.6 or 13.0.",
}


def stack(framework: str, python: str, cuda: str) -> matrix.Stack:
    answers = {"framework": framework, "python_version": python, "cuda_version": cuda}
    return matrix.stack_for(answers)


@pytest.mark.parametrize(("framework", "python", "cuda"), CELLS)
def test_every_cell_has_its_line_or_is_refused_with_a_reason(
    framework: str, python: str, cuda: str
) -> None:
    reason = REFUSED.get((framework, cuda), "")
    if not reason and framework == "jax" and python == "3.11":
        for_cuda = "" if cuda == "none" else f" for CUDA {cuda}"
        reason = f"JAX{for_cuda} runs on Python 3.12 to 3.14."
    assert matrix.refuse_stack(framework, python, cuda) == reason
    if reason:
        return
    found = stack(framework, python, cuda)
    assert found.key == f"{framework}-{cuda}"
    assert {build.line for build in found.builds.values()} <= {LINES.get((framework, cuda))}
    assert all(build.serves(python) for build in found.builds.values())
    assert list(found.builds) == ["cpu", "cuda"][: len(found.builds)]
    assert ("cuda" in found.builds) == (cuda != "none")


@pytest.mark.parametrize(
    ("framework", "cuda", "instead"),
    [
        ("pytorch", "none", {}),
        ("pytorch", "12.6", {"newer_gpu": "13.0"}),
        ("pytorch", "13.0", {"older_driver": "12.6", "older_gpu": "12.6"}),
        ("pytorch", "13.2", {"older_driver": "12.6", "older_gpu": "12.6"}),
        ("jax", "12.6", {}),
        ("jax", "13.0", {"older_driver": "12.6", "older_gpu": "12.6"}),
    ],
)
def test_other_answers_are_known_for_older_and_newer_machines(
    framework: str, cuda: str, instead: dict[str, str]
) -> None:
    assert stack(framework, "3.12", cuda).instead == instead


def test_choices_say_what_they_serve_and_why_they_are_not_there() -> None:
    offered = json.loads(matrix.cuda_choices("pytorch", "3.11"))
    assert list(offered) == [
        "none: CPU only",
        "12.6: driver 525+, Maxwell to Hopper",
        "13.0: driver 580+, Turing to Blackwell",
        "13.2: driver 580+, Turing to Blackwell",
    ]
    assert not any(choice["validator"] for choice in offered.values())
    assert json.loads(matrix.cuda_choices("jax", "3.12"))["13.2"] == {
        "value": "13.2",
        "validator": REFUSED["jax", "13.2"],
    }
    pythons = json.loads(matrix.python_choices("jax"))
    assert pythons["3.11"]["validator"] == "JAX runs on Python 3.12 to 3.14."
    assert not pythons["3.12"]["validator"]


@pytest.mark.parametrize(
    ("running", "framework", "nearest"),
    [("3.11", "sklearn", "3.11"), ("3.11", "jax", "3.12"), ("3.14", "jax", "3.14")],
)
def test_the_default_python_is_the_nearest_that_is_offered(
    running: str, framework: str, nearest: str
) -> None:
    assert matrix.nearest_python(running, framework) == nearest


def test_facts_fit_together() -> None:
    facts = matrix._read("cuda.toml")
    rows = [
        row
        for framework in facts["build"].values()
        for line in framework.values()
        for row in line.values()
    ]
    assert {row["toolkit"] for row in rows if "toolkit" in row} == set(facts["toolkit"])
    for row in rows:
        assert row["status"] in {"stable", "experimental", "ended"}
        assert row["sources"]
        capabilities = row.get("capabilities", [])
        assert capabilities == sorted(capabilities, key=matrix.order)
        assert set(capabilities) <= set(facts["generation"])
        assert ("toolkit" in row) == bool(capabilities)
    assert facts["build"].keys() == facts["framework"].keys()
    for framework in facts["framework"]:
        for line in {build.line for build in matrix._builds(framework)}:
            cpus = [b for b in matrix._builds(framework) if (b.line, b.cuda) == (line, "none")]
            assert len(cpus) == 1, f"{framework} {line} needs one build for the CPU"
