"""What an owner meets when the index is out of order: one message, and nothing is lost."""

import os
import re
import shutil
import socket
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from conftest import Render, git
from disks import small_disk
from package_index import KNOWN, Project, SmallIndex, serving, tool_uv, write_wheel

UTILS = "acme-utils"
COMMANDS = [
    ("lock", "--upgrade"),
    ("sync", "--upgrade"),
    ("sync", "--locked", "--reinstall"),
    ("add", f"{UTILS}>=1.1"),
]
FAULTS = {
    "wrong-credentials": ({}, {"UV_INDEX_INTERNAL_PASSWORD": "expired"}),
    "refusing-401": ({"status": 401}, {}),
    "refusing-403": ({"status": 403}, {}),
    "moved-404": ({"status": 404}, {}),
    "failing-500": ({"status": 500}, {}),
    "hanging": ({"status": 0}, {"UV_HTTP_TIMEOUT": "1"}),
}
"""How the index behaves, and what is different in the owner's environment."""


@pytest.fixture
def index(tmp_path: Path) -> Iterator[SmallIndex]:
    """An index in order, with our package."""
    write_wheel(tmp_path / "wheels", UTILS, "1.0.0")
    with serving(tmp_path / "wheels", anonymous_status=401) as index:
        yield index


@pytest.fixture
def project(index: SmallIndex, render: Render, tmp_path: Path) -> Project:
    """A project that is locked and installed; since then the index has a newer version."""
    uv = tool_uv(render, index.address) | {"sources": {UTILS: {"index": "internal"}}}
    project = Project(tmp_path, uv, UTILS)
    assert project.uv("sync", **KNOWN).returncode == 0
    write_wheel(tmp_path / "wheels", UTILS, "1.1.0")
    forget(project)
    return project


@pytest.fixture
def closed_address() -> Iterator[str]:
    """Address with a reserved port on which nothing listens."""
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{deaf.getsockname()[1]}"


def forget(project: Project) -> None:
    """Empty the cache: what is in it is not asked for again."""
    shutil.rmtree(project.place / "cache")


def contents(project: Project) -> dict[Path, bytes]:
    """Read every file of a project, its environment and its lock included."""
    return {path: path.read_bytes() for path in project.folder.rglob("*") if path.is_file()}


def check_refusals(project: Project, address: str, **variables: str) -> None:
    """Check that each command fails, says where, and leaves every file as it was."""
    before = contents(project)
    for command in COMMANDS:
        done = project.uv(*command, **variables)
        assert done.returncode != 0, command
        assert address in done.stderr or f"{UTILS} was not found" in done.stderr
        assert contents(project) == before, command


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_index_is_named_and_changes_nothing(
    fault: str, project: Project, index: SmallIndex
) -> None:
    manners, variables = FAULTS[fault]
    for name, value in manners.items():
        setattr(index, name, value)
    check_refusals(project, index.address, **KNOWN | variables)


def test_an_index_without_credentials_is_named_and_changes_nothing(
    project: Project, index: SmallIndex
) -> None:
    check_refusals(project, index.address)


def test_an_index_that_is_down_is_named_and_changes_nothing(
    project: Project, index: SmallIndex, closed_address: str
) -> None:
    for name in ("pyproject.toml", "uv.lock"):
        file = project.folder / name
        file.write_text(file.read_text().replace(index.address, closed_address))
    check_refusals(project, closed_address, **KNOWN)


def test_what_is_installed_runs_without_the_index(project: Project, index: SmallIndex) -> None:
    index.status = 500
    done = project.uv("run", "python", "-c", "import acme_utils; print(acme_utils.OWNER)")
    assert done.stdout == "us\n"
    assert project.uv("lock", "--check", "--offline").returncode == 0


def test_a_wheel_that_was_changed_is_refused(project: Project, tmp_path: Path) -> None:
    before = contents(project)
    write_wheel(tmp_path / "wheels", UTILS, "1.0.0", owner="the attacker")
    done = project.uv("sync", "--locked", "--reinstall", **KNOWN)
    assert done.returncode != 0
    assert f"Hash mismatch for `{UTILS}==1.0.0`" in done.stderr
    assert contents(project) == before


def test_a_lock_without_hashes_is_found_by_its_hook(
    project: Project, index: SmallIndex, render: Render, tmp_path: Path
) -> None:
    (rendered,) = render({}).glob(".pre-commit-config.yaml")
    (repository,) = yaml.safe_load(rendered.read_text(encoding="utf-8"))["repos"]
    (hook,) = [hook for hook in repository["hooks"] if hook["id"] == "lock-hashes"]
    lock = project.folder / "uv.lock"
    assert re.fullmatch(hook["files"], lock.name)
    assert not [line for line in lock.read_text().splitlines() if re.search(hook["entry"], line)]

    index.has_hashes = False
    assert project.uv("lock", "--upgrade", **KNOWN).returncode == 0
    found = [line for line in lock.read_text().splitlines() if re.search(hook["entry"], line)]
    assert [UTILS.replace("-", "_") in line for line in found] == [True]
    # The hook has to find it, for uv itself installs whatever comes.
    write_wheel(tmp_path / "wheels", UTILS, "1.1.0", owner="the attacker")
    assert project.uv("sync", "--locked", **KNOWN).returncode == 0
    (module,) = project.folder.glob(".venv/lib/*/site-packages/acme_utils.py")
    assert "attacker" in module.read_text()


def test_a_full_disk_under_the_cache_changes_nothing(project: Project, tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path / "wheels", UTILS, "1.1.0")
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr("acme_utils.bin", os.urandom(4_000_000))
    assert project.uv("lock", "--upgrade", **KNOWN).returncode == 0
    before = contents(project)
    forget(project)
    project.within = small_disk(project.place / "cache")
    done = project.uv("sync", "--locked", **KNOWN)
    assert done.returncode != 0
    assert UTILS in done.stderr
    assert "No space left on device" in done.stderr
    assert contents(project) == before


@pytest.mark.parametrize("login", [{}, KNOWN], ids=["no-credentials", "down"])
def test_a_copy_behind_a_broken_index_is_whole_but_for_its_lock(
    login: dict[str, str], snapshot: Path, render: Render, closed_address: str, tmp_path: Path
) -> None:
    answers = {"package_index": "private", "package_index_auth": "token"}
    answers |= {"package_index_url": f"{closed_address}/simple"}
    command = [sys.executable, "-m", "copier", "copy", "--quiet", "--defaults", "--trust"]
    command += [f"--data={name}={value}" for name, value in answers.items()]
    ours = {name: value for name, value in os.environ.items() if not name.startswith("UV_")}
    ours |= {"UV_CACHE_DIR": str(tmp_path / "cache"), "UV_HTTP_RETRIES": "0", "NO_PROXY": "*"}
    project = tmp_path / "project"
    done = subprocess.run(
        [*command, snapshot, project], env=ours | login, stderr=subprocess.PIPE, check=True
    )

    (line,) = done.stderr.decode().splitlines()
    assert line.startswith("uv.lock was not created: ")
    assert ("UV_INDEX_INTERNAL_PASSWORD" in line) == (not login)
    assert f"{nobody}/simple/" in line
    assert git("log", "--format=%s", folder=project).count("\n") == 1
    assert git("status", "--porcelain", "--ignored", folder=project) == ""
    made = {path.relative_to(project) for path in project.rglob("*") if path.is_file()}
    made = {path for path in made if path.parts[0] != ".git"}
    rendered = render(answers)
    assert made == {path.relative_to(rendered) for path in rendered.rglob("*") if path.is_file()}
    assert all((project / path).read_bytes() == (rendered / path).read_bytes() for path in made)
