"""`copier-ml sbom` writes an SBOM that others can read, and the same one each time."""

import json
import os
import subprocess
import tomllib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import package_index
import pytest
import tomli_w
from conftest import git
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from owner import commit, find_copier_ml, find_uv
from package_index import Project, write_wheel

EXTRAS = """
[project.optional-dependencies]
cpu = ["tiny-array"]
cuda = ["tiny-array", "tiny-gpu ; sys_platform == 'linux'"]
serve = ["tiny-server"]
[dependency-groups]
dev = ["tiny-tool"]
"""


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    wheels = tmp_path / "wheels"
    for name in ("tiny-base", "tiny-array", "tiny-gpu", "tiny-server", "tiny-tool"):
        write_wheel(wheels, name, "1.0")
    with package_index.serving(wheels) as index:
        entry = {"name": "internal", "url": f"{index.address}/simple", "default": True}
        made = Project(tmp_path, {"index": [entry]}, "tiny-base")
        with (made.folder / "pyproject.toml").open("a") as file:
            file.write(EXTRAS)
        assert made.uv("lock").returncode == 0
        commit(made.folder, "start")
        yield made


def write(project: Project, expect: int = 0) -> str:
    known = {"UV": find_uv(), "UV_CACHE_DIR": str(project.place / "cache")}
    done = subprocess.run(
        [find_copier_ml(), "sbom"],
        cwd=project.folder,
        env=os.environ | known,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == expect, done.stderr
    return done.stdout + done.stderr


def test_each_build_has_a_valid_bill_of_what_it_ships(project: Project) -> None:
    assert write(project).split() == ["export/sbom-cpu.cdx.json", "export/sbom-cuda.cdx.json"]
    expected = {"cpu": {"tiny-base", "tiny-array", "tiny-server"}}
    expected["cuda"] = expected["cpu"] | {"tiny-gpu"}
    for build, names in expected.items():
        text = (project.folder / f"export/sbom-{build}.cdx.json").read_text()
        assert JsonStrictValidator(SchemaVersion.V1_5).validate_str(text) is None
        assert {part["name"] for part in json.loads(text)["components"]} == names


def test_a_commit_has_one_bill(project: Project) -> None:
    def read() -> str:
        write(project)
        return (project.folder / "export/sbom-cpu.cdx.json").read_text()

    first = read()
    assert read() == first
    bill = json.loads(first)
    made = int(git("log", "-1", "--format=%ct", folder=project.folder))
    assert datetime.fromisoformat(bill["metadata"]["timestamp"]).timestamp() == made
    pyproject = project.folder / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace('serve = ["tiny-server"]\n', ""))
    assert project.uv("lock").returncode == 0
    assert json.loads(read())["serialNumber"] != bill["serialNumber"]


def test_without_a_lock_there_is_none(project: Project) -> None:
    (project.folder / "uv.lock").unlink()
    told = write(project, expect=1)
    assert told.startswith("sbom: 'uv export' failed: ")
    assert "uv.lock" in told
    assert told.count("\n") == 1


def test_nothing_of_the_project_runs(project: Project) -> None:
    pyproject = project.folder / "pyproject.toml"
    table = tomllib.loads(pyproject.read_text())
    table["project"]["dynamic"] = ["dependencies"]
    del table["project"]["dependencies"]
    table["build-system"] = {"requires": [], "build-backend": "own", "backend-path": ["."]}
    pyproject.write_text(tomli_w.dumps(table))
    (project.folder / "own.py").write_text("open('ran', 'w')\n")
    write(project)
    assert not (project.folder / "ran").exists()
    assert project.uv("lock").returncode
    assert (project.folder / "ran").exists()
