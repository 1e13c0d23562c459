"""What is built from a render and from this repository is a package as others expect it."""

import tomllib
import zipfile
from pathlib import Path

import pytest
from conftest import ROOT, copy
from covering import COVERING
from linting import Linter, run
from owner import Project, find_python, find_uv

pytestmark = pytest.mark.slow

TWINE = Linter(["twine", "--no-color", "check", "--strict"], "", "", "", "")
FORMAT = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
CONTENTS = Linter(["check-wheel-contents", "--no-config"], "", "", "", "")


@pytest.fixture(params=["everything", "mirror", "ours"])
def built(
    request: pytest.FixtureRequest, unpacked: Path, tmp_path_factory: pytest.TempPathFactory
) -> list[Path]:
    folder = tmp_path_factory.mktemp("built")
    is_ours = request.param == "ours"
    source = ROOT if is_ours else copy(unpacked, folder / "project", COVERING[request.param])
    build = ["build", "--quiet", "--no-sources", "--out-dir", str(folder / "dist")]
    facts = tomllib.loads((source / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    python = find_python(facts["requires-python"].removeprefix(">="))
    Project(source, UV_PYTHON=python).run(find_uv(), *build, str(source))
    return sorted((folder / "dist").glob("*.[wt]*"))


def test_twine_takes_the_wheel_and_the_source_archive(built: list[Path]) -> None:
    assert [path.suffix for path in built] == [".whl", ".gz"]
    status, told = run(TWINE, built)
    assert status == 0, told


def test_the_wheel_holds_what_it_should(built: list[Path]) -> None:
    status, told = run(CONTENTS, built[:1])
    assert status == 0, told


def test_a_bad_wheel_is_found(tmp_path: Path) -> None:
    planted = tmp_path / "bad-1.0-py3-none-any.whl"
    facts = "Metadata-Version: 2.1\nName: bad\nVersion: 1.0\n\n"
    record = "bad/__pycache__/a.pyc,,\nbad-1.0.dist-info/METADATA,,\nbad-1.0.dist-info/RECORD,,\n"
    with zipfile.ZipFile(planted, "w") as wheel:
        wheel.writestr("bad/__pycache__/a.pyc", "")
        wheel.writestr("bad-1.0.dist-info/METADATA", facts)
        wheel.writestr("bad-1.0.dist-info/WHEEL", FORMAT)
        wheel.writestr("bad-1.0.dist-info/RECORD", record + "bad-1.0.dist-info/WHEEL,,\n")
    status, told = run(TWINE, [planted])
    assert status == 1
    assert "long_description" in told
    status, told = run(CONTENTS, [planted])
    assert status == 1
    assert "W001" in told
