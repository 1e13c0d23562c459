"""Every stack and index: it renders, locks, and the lock serves every extra on every platform."""

import itertools
import os
import re
import tomllib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch_index
from builds import tell
from conftest import ROOT, Answers, copy, domain, every_stack, git, label
from owner import Project, check_platforms, find_python, find_uv, owner_environment
from package_index import KNOWN, PASSWORD, private

from copier_ml.doctor import machine

pytestmark = pytest.mark.slow

STACKS = [
    answers
    for answers in every_stack()
    # A lock for 3.11 has wheels for 3.14 as well; one for 3.14 alone needs a 3.14 to be made.
    if answers["framework"] != "sklearn" and answers["python_version"] != "3.14"
]
INDEXED = [
    ("sklearn", "none", "mirror", "none"),
    ("sklearn", "none", "private", "token"),
    ("xgboost", "none", "mirror", "token"),
    ("xgboost", "none", "private", "none"),
    ("lightgbm", "none", "mirror", "none"),
    ("lightgbm", "none", "private", "token"),
    ("pytorch", "12.6", "mirror", "token"),
    ("pytorch", "12.6", "private", "none"),
    ("jax", "13.0", "mirror", "none"),
    ("jax", "13.0", "private", "token"),
]
"""Frameworks, their CUDA, an index and its log-in: each two of the answers meet once at least."""


@pytest.fixture(scope="module")
def pytorch_index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with torch_index.serving(tmp_path_factory.mktemp("index") / "wheels") as url:
        yield url


Login = dict[str, str]


class Make:
    """Make locked projects as ``copier copy`` does, at the imitation of the PyTorch index."""

    def __init__(
        self, snapshot: Path, folder: Path, pytorch_index: str, record_property: Any
    ) -> None:
        self._tell = partial(tell, record_property)
        self._snapshot = snapshot
        self._folder = folder
        self._given = {"pytorch_index_url": pytorch_index, "profile": "minimal"}

    def __call__(
        self, name: str = "project", login: Login | None = None, **answers: Any
    ) -> Project:
        answers = self._given | {"python_version": "3.12"} | answers
        python = find_python(max(answers["python_version"], "3.12"))
        environment = {"UV": find_uv(), "UV_PYTHON": python} | (login or {})
        copy(self._snapshot, self._folder / name, answers, tasks=True, **environment)
        project = Project(self._folder / name, UV_PYTHON=python, **(login or {}))
        assert (project.folder / "uv.lock").exists()
        self._tell("locked", project.folder)
        project.uv("lock", "--check")
        return project


@pytest.fixture
def make(snapshot: Path, tmp_path: Path, pytorch_index: str, record_property: Any) -> Make:
    return Make(snapshot, tmp_path, pytorch_index, record_property)


def read_lock(project: Project) -> dict[str, Any]:
    return tomllib.loads((project.folder / "uv.lock").read_text(encoding="utf-8"))


def extras(project: Project) -> list[str]:
    pyproject = tomllib.loads((project.folder / "pyproject.toml").read_text(encoding="utf-8"))
    return list(pyproject["project"].get("optional-dependencies", {}))


def known_versions(answers: Answers) -> dict[str, set[str]]:
    """Versions that this release was tested with, of what all stacks have and of one."""
    key = f"{answers['framework']}-{answers['cuda_version']}"
    files = (ROOT / "extensions" / "versions.txt", ROOT / f"extensions/versions/{key}.txt")
    lines = "\n".join(path.read_text(encoding="utf-8") for path in files if path.exists())
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([\w.-]+)==([^ \n]+)", lines, re.M):
        found.setdefault(name, set()).add(version)
    return found


@pytest.mark.parametrize("answers", STACKS, ids=label)
def test_a_lock_serves_every_extra_on_every_platform(make: Make, answers: Answers) -> None:
    project = make(**answers)
    lock = read_lock(project)
    known = known_versions(answers)
    for package in lock["package"]:
        assert all("hash" in wheel for wheel in package.get("wheels", []))
        if "registry" in package["source"]:
            assert package["version"].partition("+")[0] in known[package["name"]]
    for extra in extras(project):
        check_platforms(project, "--extra", extra)


def test_two_renders_on_one_day_have_the_same_lock(make: Make) -> None:
    answers = {"framework": "pytorch", "cuda_version": "13.0"}
    locks = [(make(name, **answers).folder / "uv.lock").read_text() for name in ("one", "two")]
    # An index tells its files' sizes on one day and not on another, and a test beside this one may
    # ask it between the two; the hashes say what the files are.
    first, second = (re.sub(r"size = \d+, ", "", lock) for lock in locks)
    assert first == second


def without_nvidia(project: Project) -> list[str]:
    """Leave out NVIDIA's libraries: they are several GB, and nothing here can use them."""
    names = {package["name"] for package in read_lock(project)["package"]}
    big = {name for name in names if name.startswith(("nvidia-", "cuda-", "triton", "jax-cuda"))}
    return [f"--no-install-package={name}" for name in sorted(big)]


@pytest.mark.parametrize("cuda", ["12.6", "13.0", "13.2"])
def test_an_extra_installs_its_build_and_nothing_swaps_it(
    make: Make, cuda: str, record_property: Any
) -> None:
    project = make(framework="pytorch", cuda_version=cuda)
    tell(record_property, "installed", project.folder)
    ask = ("run", "--no-sync", "python", "-c", "import torch; print(torch.version.cuda)")
    again = ("run", *ask[2:])

    project.uv("sync", "--locked", "--extra", "cpu", "--no-dev")
    assert project.uv(*ask).splitlines()[-1] == "None"

    leave_out = without_nvidia(project)
    project.uv("sync", "--locked", "--extra", "cuda", "--no-dev", *leave_out)
    assert project.uv(*ask).splitlines()[-1] == cuda
    assert project.uv(*again).splitlines()[-1] == cuda  # A plain `uv run` installs, and leaves it.
    project.uv("add", "--no-build", "tabulate")
    assert project.uv(*ask).splitlines()[-1] == cuda

    project.uv("sync")  # It removes the build, and the next command names the remedy.
    told = project.command("train", expect=1)
    assert told.splitlines()[-1].endswith(
        "torch is not installed; 'uv run just sync' installs all parts"
    )


def test_every_pair_of_framework_index_and_log_in_is_locked() -> None:
    rows = [(framework, index, auth) for framework, _, index, auth in INDEXED]
    domains = [domain("framework"), ["mirror", "private"], ["none", "token"]]
    for one, other in itertools.combinations(range(3), 2):
        met = {(row[one], row[other]) for row in rows}
        assert met == set(itertools.product(domains[one], domains[other]))


@pytest.mark.parametrize(("framework", "cuda", "index", "auth"), INDEXED)
def test_every_index_locks_every_framework(
    make: Make, framework: str, cuda: str, index: str, auth: str, tmp_path: Path
) -> None:
    login = {} if auth == "none" else KNOWN
    manners = {"is_open": auth == "none", "is_mirror": index == "mirror"}
    with private(tmp_path / "wheels", **manners) as url:
        project = make(
            login=login,
            framework=framework,
            cuda_version=cuda,
            package_index=index,
            package_index_url=f"{url}/simple",
            package_index_auth=auth,
        )
        sources = {p["source"].get("registry") for p in read_lock(project)["package"]} - {None}
        assert (f"{url}/simple" in sources) == (index == "mirror")
        for extra in [("--extra", extra) for extra in extras(project)] or [()]:
            check_platforms(project, *extra)
    assert PASSWORD not in git("log", "--patch", folder=project.folder)


def fake_driver(folder: Path, version: str) -> str:
    """Put an nvidia-smi of one H200 into a folder, and return the PATH that finds it first."""
    program = folder / "nvidia-smi"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f"#!/bin/sh\necho 'NVIDIA H200, {version}, 143771, 9.0'\n", encoding="utf-8")
    program.chmod(0o755)
    return os.pathsep.join([str(folder), owner_environment()["PATH"]])


def problems(
    project: Project, programs: str, monkeypatch: pytest.MonkeyPatch
) -> dict[str, machine.Finding]:
    """Examine the machine with other programs, and return each subject's problem."""
    monkeypatch.setenv("PATH", programs)
    found = machine.examine(project.folder, is_trusted=True)
    return {finding.subject: finding for finding in found if finding.verdict == "problem"}


def test_doctor_names_the_driver_that_is_too_old(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make(framework="pytorch", cuda_version="13.0")
    project.uv("sync", "--locked", "--extra", "cuda", "--no-dev", *without_nvidia(project))
    old = fake_driver(tmp_path / "programs", "535.54.03")
    driver = problems(project, old, monkeypatch)["driver"]
    assert driver.found == "driver 535.54.03 is older than 580.65.06"
    assert driver.expected == "which CUDA 13.0 needs"

    # A stub cannot compute: what is left to blame is the build.
    new = fake_driver(tmp_path / "programs", "580.95.05")
    assert [*problems(project, new, monkeypatch)] == ["build"]
