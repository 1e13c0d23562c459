"""The services of compose.yaml run for real: a model is trained, promoted and served among them."""

import os
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import engine
import pytest
import servers
import stack
import standins
from conftest import Answers, Render, copy, label
from owner import Project, find_uv

pytestmark = pytest.mark.containers

NAME = "copier-ml-stack"
"""Folder of the project, which names its containers, volumes and images."""

EVERYTHING = "tracking,serve,train,gpu"


@pytest.fixture(scope="module")
def project(snapshot: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    folder = tmp_path_factory.mktemp("compose") / NAME
    answers = {"framework": "sklearn", "python_version": "3.11"}
    copy(snapshot, folder, answers, tasks=True, UV=find_uv())
    standins.provide_all(folder / "Dockerfile")
    stack.provide_all(folder / "compose.yaml")
    compose, environment = stack.command()
    ports = [str(servers.free_port()), str(servers.free_port())]
    environment |= {"MLFLOW_PORT": ports[0], "MY_ML_PROJECT_PORT": ports[1]}
    project = Project(folder, COMPOSE=compose, **environment)
    project.uv("sync", "--locked")
    yield project
    remove = f"COMPOSE_PROFILES={EVERYTHING} $COMPOSE down --volumes"
    with suppress(AssertionError):
        project.run("sh", "-c", remove)


def just(project: Project, *arguments: str, expect: int = 0) -> str:
    return project.uv("run", "--no-sync", "just", *arguments, expect=expect)


def in_stack(project: Project, *command: str) -> str:
    line = 'COMPOSE_PROFILES=train $COMPOSE run --rm train "$@"'
    return project.run("sh", "-c", line, "-", *command)


def wait(url: str) -> None:
    """Ask until it answers 200: old podman waits for no health check."""
    for _ in range(servers.WAIT_S):
        with suppress(OSError), urllib.request.urlopen(url):
            return
        time.sleep(1)
    raise TimeoutError(url)


def listeners(port: str) -> set[str]:
    """Addresses of this machine where something listens at a port."""
    told = subprocess.run(["ss", "-Hltn"], check=True, capture_output=True, encoding="utf-8").stdout
    places = [line.split()[3].rpartition(":") for line in told.splitlines()]
    return {address for address, _, found in places if found == port}


def check_health(*names: str) -> None:
    """Run the health checks of services: podman needs systemd to do so by itself."""
    run = engine.find()
    if run.program == "podman":
        for name in names:
            run("healthcheck", "run", f"{NAME}_{name}_1")


def start(project: Project, *profile: str) -> tuple[str, str]:
    """Start services, and return the addresses of MLflow and of the project's own."""
    just(project, "up", *profile)
    ports = [project.environment[name] for name in ("MLFLOW_PORT", "MY_ML_PROJECT_PORT")]
    mlflow, serve = (f"http://127.0.0.1:{port}" for port in ports)
    wait(f"{mlflow}/health")
    if profile:
        wait(f"{serve}/ready")
    assert listeners(ports[0]) == {"127.0.0.1"}
    assert listeners(ports[1]) == ({"127.0.0.1"} if profile else set())
    return mlflow, serve


def test_a_model_is_trained_and_served_and_outlasts_its_services(project: Project) -> None:
    mlflow, _ = start(project)
    check_health("postgres", "s3", "mlflow")
    assert project.folder.joinpath(".env").stat().st_mode & 0o777 == 0o600
    assert "smoke: " in just(project, "smoke", expect=1)

    assert "models:/my_ml_project/1 is the champion" in in_stack(project, "run")
    host = Project(project.folder, MY_ML_PROJECT_TRACKING_URI=mlflow)
    assert "models:/my_ml_project/1 passed" in host.command("evaluate")

    _, serve = start(project, "serve")
    check_health("serve")
    assert just(project, "smoke").startswith("models:/my_ml_project/1 predicts ")
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(f"{serve}/predict", data=b"{}")

    just(project, "down")
    start(project, "serve")
    assert just(project, "smoke").startswith("models:/my_ml_project/1 predicts ")
    assert "models:/my_ml_project/2 is the champion" in in_stack(project, "run", "--seed", "1")


@pytest.mark.parametrize(
    "answers",
    [
        {"framework": "sklearn"},
        {"framework": "pytorch", "cuda_version": "13.0"},
        {"package_index": "mirror", "package_index_auth": "token"}
        | {"package_index_url": "https://packages.example.org/simple"},
    ],
    ids=label,
)
def test_docker_compose_itself_reads_the_file(answers: Answers, render: Render) -> None:
    text = (render(answers) / "compose.yaml").read_text(encoding="utf-8")
    names = ("POSTGRES_PASSWORD", "S3_SECRET_KEY", "MY_ML_PROJECT_SERVE_TOKEN")
    command = [*stack.docker_compose(), "--project-name=x", "--file=-", "config", "--quiet"]
    machine = {"PATH": os.environ["PATH"], "HOME": "/root"}
    for profile in EVERYTHING.split(","):
        for missing in (*names, None):
            given = {name: "x" * (name != missing) for name in names}
            done = subprocess.run(
                command,
                input=text,
                env=machine | given | {"COMPOSE_PROFILES": profile},
                capture_output=True,
                encoding="utf-8",
                check=False,
            )
            assert (done.returncode == 0) is (missing is None), done.stderr
            assert done.stderr.count("\n") == (missing is not None), done.stderr
            assert not missing or f"required variable {missing} is missing a value" in done.stderr


def test_without_a_password_nothing_starts(project: Project) -> None:
    just(project, "down")
    env = project.folder / ".env"
    kept = env.read_text()
    env.write_text("POSTGRES_PASSWORD=''\n")
    told = just(project, "up", expect=1)
    assert "required variable POSTGRES_PASSWORD is missing a value" in told
    refused = project.run("sh", "-c", "$COMPOSE --profile tracking up --detach", expect=1)
    assert "required variable POSTGRES_PASSWORD is missing a value" in refused.splitlines()[-1]
    assert "run uv run just up" in refused
    assert listeners(project.environment["MLFLOW_PORT"]) == set()
    env.write_text(kept)
