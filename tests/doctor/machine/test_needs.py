"""What a project needs is read from its pyproject.toml, and is what the template chose."""

from pathlib import Path
from typing import Any

import pytest
import tomli_w
from conftest import ROOT
from loaded import matrix, packages
from machine_situations import LOCKED_PLATFORMS

from copier_ml.doctor.machine import needs
from copier_ml.doctor.machine.needs import CudaBuild, Needs

ANSWERS = {"package_index": "public", "pytorch_index_url": "https://download.pytorch.org/whl"}
BELOW_3_15 = [f"{platform} and python_full_version < '3.15'" for platform in LOCKED_PLATFORMS]


def write(folder: Path, **project: Any) -> Path:
    """Write a pyproject.toml with its tables ``project`` and, by the name ``uv``, ``tool.uv``."""
    uv = project.pop("uv", {})
    path = folder / "pyproject.toml"
    whole = {"project": {"name": "churn", **project}, "tool": {"uv": uv}}
    path.write_text(tomli_w.dumps(whole), encoding="utf-8")
    return path


def test_the_matrix_is_that_of_the_template() -> None:
    copy = ROOT / "src/copier_ml/doctor/machine/cuda.toml"
    template = ROOT / "extensions" / "cuda.toml"
    remedy = "run 'cp extensions/cuda.toml src/copier_ml/doctor/machine/'"
    assert copy.read_bytes() == template.read_bytes(), remedy


@pytest.mark.parametrize(
    ("framework", "python", "cuda"),
    [
        ("pytorch", "3.11", "none"),
        ("pytorch", "3.11", "12.6"),
        ("pytorch", "3.12", "13.0"),
        ("pytorch", "3.12", "13.2"),
        ("jax", "3.12", "none"),
        ("jax", "3.12", "12.6"),
        ("jax", "3.13", "13.0"),
    ],
)
def test_needs_are_what_the_template_chose(
    framework: str, python: str, cuda: str, tmp_path: Path
) -> None:
    answers = ANSWERS | {"framework": framework, "python_version": python, "cuda_version": cuda}
    stack = matrix.stack_for(answers)
    chosen = packages.packages_for(answers, stack)
    path = write(
        tmp_path,
        **{"requires-python": f">={python}", "optional-dependencies": chosen.extras},
        uv={"sources": chosen.sources, "environments": BELOW_3_15},
    )
    found = needs.read(path)
    assert (found.framework, found.has_extras) == (stack.package, True)
    assert (found.oldest_python, found.newest_python) == (python, "3.14")
    build = stack.builds.get("cuda")
    if build is None:
        assert found.cuda is None
        return
    drivers = (build.least_driver, build.native_driver)
    assert found.cuda == CudaBuild(
        build.name, build.cuda, build.capabilities, *drivers, stack.instead
    )


def test_a_build_that_is_not_in_the_matrix_has_its_cuda_alone(tmp_path: Path) -> None:
    extras = {"cpu": ["torch~=3.1.0"], "cuda": ["torch~=3.1.0"]}
    sources = {"torch": {"index": "pytorch-cu140", "extra": "cuda"}}
    path = write(tmp_path, **{"optional-dependencies": extras}, uv={"sources": sources})
    assert needs.read(path).cuda == CudaBuild("cu140", "14.0")
    extras = {"cpu": ["jax"], "cuda": ["jax[cuda14]"]}
    assert needs.read(write(tmp_path, **{"optional-dependencies": extras})).cuda == CudaBuild(
        "cuda14", "14"
    )


def test_a_project_without_extras_or_limits_needs_little(tmp_path: Path) -> None:
    assert needs.read(write(tmp_path)) == Needs()
    found = needs.read(write(tmp_path, dependencies=["scikit-learn>=1.8"]))
    assert found == Needs(framework="scikit-learn")
    assert found.serves("plan9", "vax")


def test_a_limit_of_python_may_be_in_a_patch(tmp_path: Path) -> None:
    found = needs.read(write(tmp_path, **{"requires-python": ">=3.11.4,<3.14"}))
    assert (found.oldest_python, found.newest_python) == ("3.11", "3.13")


@pytest.mark.parametrize("text", ["<<<<<<< ours", '[project]\ndependencies = ["a b"]'])
def test_what_cannot_be_read_is_a_value_error(text: str, tmp_path: Path) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"."):
        needs.read(path)
