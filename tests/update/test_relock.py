"""After an update the lock fits again, and keeps what it had."""

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import plumbum
import pytest
from conftest import ROOT, git
from copier import run_copy
from owner import commit, find_uv, update
from package_index import SmallIndex, serving, write_wheel
from small_template import Template

PYPROJECT = """\
[project]
name = "churn"
version = "0.1.0"
requires-python = ">=3.11"
dependencies = [
    "acme-utils",
]

[[tool.uv.index]]
name = "internal"
url = "{address}/simple"
default = {is_default}
"""


@pytest.fixture
def index(tmp_path: Path) -> Iterator[SmallIndex]:
    write_wheel(tmp_path / "wheels", "acme-utils", "1.0.0")
    with serving(tmp_path / "wheels") as index:
        yield index


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """What a migration sees of the machine: uv, and a cache of its own."""
    return {
        "UV": find_uv(),
        "UV_CACHE_DIR": str(tmp_path / "cache"),
        "UV_HTTP_RETRIES": "0",
        "UV_PYTHON": sys.executable,
        "UV_PYTHON_DOWNLOADS": "never",
    }


@pytest.fixture
def project(index: SmallIndex, environment: dict[str, str], tmp_path: Path) -> Path:
    """A locked project; since then the index has more."""
    folder = tmp_path / "project"
    folder.mkdir()
    text = PYPROJECT.format(address=index.address, is_default="true")
    (folder / "pyproject.toml").write_text(text)
    uv(folder, environment, "lock")
    write_wheel(tmp_path / "wheels", "acme-utils", "1.1.0")
    write_wheel(tmp_path / "wheels", "acme-extra", "1.0.0")
    return folder


def uv(project: Path, environment: dict[str, str], *command: str) -> None:
    subprocess.run([find_uv(), *command], cwd=project, env=os.environ | environment, check=True)


def require(project: Path, requirement: str) -> None:
    """Let the project require one thing more."""
    pyproject = project / "pyproject.toml"
    text = pyproject.read_text().replace(
        '    "acme-utils"', f'    "{requirement}",\n    "acme-utils"'
    )
    pyproject.write_text(text)


def locked(project: Path) -> dict[str, str]:
    lock = tomllib.loads((project / "uv.lock").read_text(encoding="utf-8"))
    return {row["name"]: row["version"] for row in lock["package"] if row["name"] != "churn"}


def relock(project: Path, environment: dict[str, str]) -> list[str]:
    """Run the migration and return the lines that it tells."""
    kept = {name: value for name, value in os.environ.items() if name != "UV"}
    done = subprocess.run(
        [sys.executable, ROOT / "extensions" / "migrations" / "relock.py"],
        cwd=project,
        env=kept | environment,
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    return done.stdout.splitlines()


def test_a_new_requirement_comes_in_and_pins_are_kept(
    project: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    template = Template(tmp_path / "template")
    text = (project / "pyproject.toml").read_text()
    template.release("1.0.0", **{"pyproject.toml": text})
    run_copy(str(template.folder), project, defaults=True, overwrite=True, unsafe=True, quiet=True)
    commit(project, "start")
    require(project, "acme-extra")
    template.release("1.1.0", **{"pyproject.toml": (project / "pyproject.toml").read_text()})
    git("checkout", "--quiet", ".", folder=project)

    # Copier hands on the environment of the moment when it was imported.
    with plumbum.local.env(**environment):
        update(project)
        assert locked(project) == {"acme-extra": "1.0.0", "acme-utils": "1.0.0"}
        uv(project, environment, "lock", "--check")
        commit(project, "update")
        update(project)
    assert git("status", "--porcelain", folder=project) == ""


def test_a_lock_that_fits_is_not_touched_and_nobody_is_asked(
    project: Path, index: SmallIndex, environment: dict[str, str]
) -> None:
    index.status = 500
    before = (project / "uv.lock").stat().st_mtime_ns
    assert relock(project, environment) == []
    assert (project / "uv.lock").stat().st_mtime_ns == before


def test_without_a_lock_none_is_made(project: Path, environment: dict[str, str]) -> None:
    (project / "uv.lock").unlink()
    assert relock(project, environment) == []
    assert not (project / "uv.lock").exists()


@pytest.mark.parametrize(("is_default", "version"), [("true", "1.0.0"), ("false", "1.1.0")])
def test_the_cache_is_asked_first_but_for_a_private_index(
    project: Path, environment: dict[str, str], tmp_path: Path, is_default: str, version: str
) -> None:
    pyproject = project / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace("= true", f"= {is_default}"))
    uv(project, environment, "lock")
    before = {path: path.read_bytes() for path in (pyproject, project / "uv.lock")}
    require(project, "acme-extra")
    uv(project, environment, "lock")  # The cache knows it from now on.
    for path, content in before.items():
        path.write_bytes(content)
    write_wheel(tmp_path / "wheels", "acme-extra", "1.1.0")

    require(project, "acme-extra")
    assert relock(project, environment) == []
    assert locked(project) == {"acme-extra": version, "acme-utils": "1.0.0"}


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("conflict", "resolve the conflicts in pyproject.toml, then run 'uv lock'"),
        ("broken", "fix pyproject.toml, then run 'uv lock': "),
        ("index", "fix this, then run 'uv lock': "),
        ("unknown", "fix this, then run 'uv lock': "),
        ("no-uv", "install uv, then run 'uv lock'"),
    ],
)
def test_what_cannot_be_locked_is_told_in_one_line(
    project: Path, index: SmallIndex, environment: dict[str, str], fault: str, told: str
) -> None:
    require(project, "no-such-thing" if fault == "unknown" else "acme-extra")
    text = (project / "pyproject.toml").read_text()
    if fault == "conflict":
        text = text.replace("dependencies", "<<<<<<< before updating\ndependencies")
    if fault == "broken":
        text += "dependencies ="
    (project / "pyproject.toml").write_text(text)
    if fault == "index":
        index.status = 500
        shutil.rmtree(environment["UV_CACHE_DIR"])
    if fault == "no-uv":
        environment = {"PATH": os.devnull}

    before = (project / "uv.lock").read_bytes()
    (line,) = relock(project, environment)
    assert line.startswith(f"uv.lock was not updated: {told}")
    assert (project / "uv.lock").read_bytes() == before
