"""The variants that complete those of test_golden.py: each answer has been built whole."""

from pathlib import Path
from typing import Any

import pytest
from builds import GOLDEN, complete, tell, values
from conftest import Answers, copy, every_variant, label
from owner import Project, find_python, find_uv
from package_index import KNOWN, private
from test_golden import WHOLE as STEPS
from test_golden import check_life

WHOLE = complete(GOLDEN.values())


def test_every_answer_is_built_whole() -> None:
    asked = {value for answers in every_variant() for value in values(answers)}
    built = {value for answers in [*GOLDEN.values(), *WHOLE] for value in values(answers)}
    assert asked <= built


def test_no_variant_is_built_whole_for_nothing() -> None:
    for answers in WHOLE:
        others = [other for other in [*GOLDEN.values(), *WHOLE] if other is not answers]
        assert set(values(answers)) - {value for other in others for value in values(other)}


@pytest.mark.nightly
@pytest.mark.parametrize("answers", WHOLE, ids=label)
def test_a_variant_is_built_whole(
    snapshot: Path, tmp_path: Path, answers: Answers, record_property: Any
) -> None:
    """It needs PyTorch's own index, and each Python that is offered."""
    python = find_python(answers["python_version"])
    environment = {"UV": find_uv(), "UV_PYTHON": python} | KNOWN
    manners = {
        "is_mirror": answers["package_index"] == "mirror",
        "is_open": answers["package_index_auth"] == "none",
    }
    with private(tmp_path / "wheels", **manners) as url:
        given = {"package_index_url": f"{url}/simple"} if "package_index_url" in answers else {}
        copy(snapshot, tmp_path / "project", answers | given, tasks=True, **environment)
        project = Project(tmp_path / "project", **environment)
        tell(record_property, STEPS, project.folder)
        project.uv("lock", "--check")
        project.uv("run", "--locked", "just", "sync")
        check_life(project)
