"""The images of a scikit-learn project: built, run as they are meant to be run, and looked into."""

import json
import shutil
from pathlib import Path
from typing import Any

import engine
import images
import pytest
from builds import tell
from conftest import git
from owner import Project

pytestmark = pytest.mark.containers

REPOSITORY = "https://git.example.org/ada/digits"
PLANTED = {
    ".env": b"MY_ML_PROJECT_SERVE_TOKEN=planted-token-of-a-machine",
    "data/huge.bin": b"planted-data" * 9_000_000,
    "src/my_ml_project/.env.local": b"planted-beside-the-code",
}
"""Files of a machine that no image may have; one of them has 100 MB."""


Contents = list[tuple[str, bytes]]


@pytest.fixture(scope="module")
def project(snapshot: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = tmp_path_factory.mktemp("images") / "project"
    made = images.make(snapshot, folder, {"repository_url": REPOSITORY})
    for name, text in PLANTED.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(text)
    return made


@pytest.fixture(scope="module")
def trained(project: Project) -> str:
    """Name of the image that trains; it has trained, and exported the champion."""
    image = images.build(project, "train")
    images.train(project, image)
    return image


@pytest.fixture(scope="module")
def served(project: Project) -> str:
    return images.build(project, "serve")


@pytest.fixture(scope="module")
def contents(served: str, tmp_path_factory: pytest.TempPathFactory) -> Contents:
    return images.files(served, tmp_path_factory.mktemp("saved"))


@pytest.mark.usefixtures("trained")
def test_a_model_of_one_image_is_served_by_another(project: Project, record_property: Any) -> None:
    tell(record_property, "locked trained imaged", project.folder)
    image = images.build(project, "serve-model")
    images.check_service(image)
    name, _, tag = image.rpartition(":")
    labels = engine.find().inspect(image)["Config"]["Labels"]
    assert name.endswith("my-ml-project/serve")
    assert tag == f"my_ml_project-1-{labels['ml.environment.fingerprint']}"


@pytest.mark.usefixtures("trained")
def test_a_run_in_a_container_keeps_its_lock(project: Project) -> None:
    kept = list((project.folder / "mlruns").rglob("environment/uv.lock"))
    assert kept
    assert kept[0].read_bytes() == (project.folder / "uv.lock").read_bytes()


def test_a_service_without_a_model_ends_with_one_line(served: str) -> None:
    command = (*images.READ_ONLY, images.OPEN, served, "serve", "--model", "no")
    done = engine.find().attempt("run", "--rm", *command)
    assert done.returncode == 1
    told = done.stderr.splitlines()[-1]
    assert told == "my-ml-project: no is not a folder with a model: it has no file MLmodel"


def test_an_image_says_what_it_is(project: Project, served: str) -> None:
    run = engine.find()
    config = run.inspect(served)["Config"]
    labels = config["Labels"]
    assert config["User"] == "10001:10001"
    assert config["StopSignal"] == "SIGTERM"
    assert labels["org.opencontainers.image.source"] == REPOSITORY
    revision = git("rev-parse", "HEAD", folder=project.folder).strip()
    assert labels["org.opencontainers.image.revision"] == revision
    assert labels["org.opencontainers.image.version"] == "0.1.0"
    told = json.loads(run("run", "--rm", *images.READ_ONLY, served, "environment"))
    assert labels["ml.environment.fingerprint"] == told["fingerprint"]
    assert run.has(f"{served.removesuffix('-cpu')}")


@pytest.mark.parametrize("name", ["cc", "gcc", "uv", "pip", "curl"])
def test_a_service_has_no_tool_that_builds_or_fetches(served: str, name: str) -> None:
    shell = ("--entrypoint=sh", served, "-c", f"command -v {name} || true")
    assert engine.find()("run", "--rm", *shell) == ""


def test_a_service_has_neither_sources_nor_tests_nor_a_cache(contents: Contents) -> None:
    ours = [name for name, _ in contents if "my_ml_project" in name]
    assert ours
    assert all(name.startswith(("opt/venv/lib/", "opt/bytecode/opt/venv/lib/")) for name in ours)
    added = [name for name, _ in contents if name.startswith("opt/")]
    packages = {Path(name).parts[5] for name in added if name.startswith("opt/venv/lib/")}
    assert "mlflow" in packages
    assert not packages & {"pyarrow", "sqlalchemy", "matplotlib", "optuna", "pytest"}
    assert not [name for name in added if "/tests/" in name or "/__pycache__/" in name]
    assert not [name for name, text in contents if name.startswith(("root/", "tmp/")) and text]


def test_a_machines_files_stay_out(contents: Contents) -> None:
    assert not [name for name, text in contents if b"planted-" in text]


def test_what_the_service_imports_has_byte_code(served: str) -> None:
    program = (
        "import sys, my_ml_project.serving.serve, my_ml_project.model; from pathlib import Path; "
        "print(*[m.__name__ for m in list(sys.modules.values()) if getattr(m, '__cached__', None) "
        "and not Path(m.__cached__).exists()], sep='\\n')"
    )
    without = engine.find()("run", "--rm", "--entrypoint=python", served, "-c", program).split()
    assert len(without) < 40, without


def test_a_service_adds_little_to_its_base(project: Project, served: str) -> None:
    run = engine.find()
    dockerfile = (project.folder / "Dockerfile").read_text(encoding="utf-8")
    (base,) = [line.split()[1] for line in dockerfile.splitlines() if line.endswith("AS base")]
    added = run.inspect(served)["Size"] - run.inspect(base)["Size"]
    assert added < 330e6


def test_two_builds_of_a_commit_are_the_same_to_the_bit(
    project: Project, served: str, tmp_path: Path
) -> None:
    """The second is built from a clone, so that no time and no place of a file matters."""
    first = images.digests(served)
    clone = tmp_path / "clone"
    git("clone", "--quiet", str(project.folder), str(clone), folder=tmp_path)
    twin = Project(clone, UV_PYTHON=project.environment["UV_PYTHON"])
    again = images.build(twin, "serve", "--no-cache")
    assert images.digests(again) == first
    shutil.rmtree(clone)


def test_a_change_of_the_source_moves_little(project: Project, served: str, tmp_path: Path) -> None:
    before = images.digests(served)
    changed = project.folder / "src" / "my_ml_project" / "alerts.py"
    text = changed.read_text(encoding="utf-8")
    try:
        changed.write_text(f"{text}\nCHANGED = True\n", encoding="utf-8")
        after = images.layers(images.build(project, "serve"), tmp_path)
    finally:
        changed.write_text(text, encoding="utf-8")
    moved = [size for digest, size in after.items() if digest not in before]
    assert moved
    assert sum(moved) < 1e6
