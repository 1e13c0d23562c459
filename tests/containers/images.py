"""Images of a project, built by the command that its owner types, and what can be seen in them."""

import json
import tarfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import engine
import standins
from conftest import Answers, copy
from owner import Project, find_copier_ml, find_python, find_uv
from servers import free_port

READ_ONLY = ("--read-only", "--tmpfs=/tmp", "--cap-drop=ALL")
"""How an image has to work: nothing but /tmp can be written to."""

OPEN = "--env=MY_ML_PROJECT_BEHIND_PROXY=true"
"""Lets a service start without a token."""

START_S = 60


def make(
    template: Path,
    folder: Path,
    answers: Answers,
    python_version: str = "3.11",
    **login: str,
) -> Project:
    """Render, lock and commit a project for a Python that stand-ins have."""
    python = find_python(python_version)
    given = {"python_version": python_version, **answers}
    copy(template, folder, given, tasks=True, UV=find_uv(), UV_PYTHON=python, **login)
    return Project(folder, UV_PYTHON=python, **login)


def build(project: Project, target: str, *options: str, expect: int = 0) -> str:
    """Build an image as its owner does; return its name, or what was told of a failure."""
    standins.provide_all(project.folder / "Dockerfile")
    run = engine.find()
    environment = project.environment | run.environment | {"CONTAINER_ENGINE": run.program}
    owner = Project(project.folder, project.name, **environment)
    told = owner.run(find_copier_ml(), "image", target, *options, expect=expect)
    return told.splitlines()[-1] if expect == 0 else told


def mounts(project: Project, *folders: str) -> list[str]:
    """Options that mount folders of a project, which the image's user may write to."""
    options = []
    for name in folders:
        folder = project.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o777)
        options.append(f"--volume={folder}:/app/{name}")
    return options


def train(project: Project, image: str) -> None:
    """Train, judge, promote and export a model, each in a container of its own."""
    run = engine.find()
    kept = mounts(project, "data", "export", "mlruns", "models", "reports")
    for command in ("train", "evaluate", "promote", "export"):
        told = run("run", "--rm", *READ_ONLY, *kept, image, command)
    assert "wrote models:/my_ml_project/1 to export/model" in told


@contextmanager
def serve(image: str, *options: str) -> Iterator[tuple[str, str]]:
    """Run a service; yield its address and the container's name."""
    run, port = engine.find(), free_port()
    name = f"serve-{port}"
    listens = ("--network=host", f"--env=MY_ML_PROJECT_PORT={port}", f"--name={name}", OPEN)
    run("run", "--detach", *READ_ONLY, *listens, *options, image)
    try:
        yield f"http://127.0.0.1:{port}", name
    finally:
        run.attempt("rm", "--force", name)


def wait(url: str, container: str) -> Any:
    """Wait until a service is ready, and return what it says of that."""
    late = time.monotonic() + START_S
    while time.monotonic() < late:
        try:
            return ask(f"{url}/ready")
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    raise AssertionError(engine.find().attempt("logs", container))


def ask(url: str, question: Any = None) -> Any:
    """Send a question as JSON, or none, and read the answer."""
    body = None if question is None else json.dumps(question).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def check_service(image: str) -> None:
    """Serve, predict over HTTP and stop, within the time that an orchestrator gives."""
    run = engine.find()
    with serve(image) as (url, container):
        assert wait(url, container)["model"] == "models:/my_ml_project/1"
        rows = [{f"pixel_{row}_{column}": 8 for row in range(8) for column in range(8)}]
        assert len(ask(f"{url}/predict", {"rows": rows * 3})["predictions"]) == 3
        told = run.inspect(image)
        check = told.get("Healthcheck") or told["Config"]["Healthcheck"]  # podman's place, Docker's
        run("exec", container, *check["Test"][1:])
        start = time.monotonic()
        run("stop", "--time=20", container)
        assert time.monotonic() - start < 5
        (state,) = json.loads(run("container", "inspect", container))
        assert state["State"]["ExitCode"] == 0


def digests(image: str) -> list[str]:
    """List the digest of each layer of an image, the lowest first."""
    found: list[str] = engine.find().inspect(image)["RootFS"]["Layers"]
    return found


def layers(image: str, folder: Path) -> dict[str, int]:
    """Map the digest of each layer of an image, the lowest first, to its size in bytes."""
    with _saved(image, folder) as archive:
        manifest = json.load(archive.extractfile("manifest.json"))  # type: ignore[arg-type]
        config = json.load(archive.extractfile(manifest[0]["Config"]))  # type: ignore[arg-type]
        sizes = [archive.getmember(name).size for name in manifest[0]["Layers"]]
    return dict(zip(config["rootfs"]["diff_ids"], sizes, strict=True))


def files(image: str, folder: Path) -> list[tuple[str, bytes]]:
    """List each file that an image keeps, in whichever layer, and the files that describe it."""
    with _saved(image, folder) as archive:
        layers = json.load(archive.extractfile("manifest.json"))[0]["Layers"]  # type: ignore[arg-type]
        found = list(_read(archive, but=layers))
        for name in layers:
            with tarfile.open(fileobj=archive.extractfile(name)) as layer:
                found += _read(layer)
    return found


def _read(archive: tarfile.TarFile, but: Sequence[str] = ()) -> Iterator[tuple[str, bytes]]:
    for member in archive:
        if member.isfile() and member.name not in but:
            yield member.name, archive.extractfile(member).read()  # type: ignore[union-attr]


@contextmanager
def _saved(image: str, folder: Path) -> Iterator[tarfile.TarFile]:
    path, run = folder / "image.tar", engine.find()
    plain = ["--format=docker-archive"] if run.program == "podman" else []
    run("save", *plain, f"--output={path}", image)
    try:
        with tarfile.open(path) as archive:
            yield archive
    finally:
        path.unlink()
