"""Real servers on the loopback: S3, PostgreSQL and MLflow."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from loaded import ROOT
from owner import find_python, find_uv, owner_environment

MOTO = "moto[server]==5.2.5"
"""It runs beside the environment of the tests, which needs none of its many packages."""

WAIT_S = 180


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@contextmanager
def s3(folder: Path, bucket: str) -> Iterator[dict[str, str]]:
    """Serve S3 with an empty bucket; yield what the environment must say."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = tool(MOTO, "moto_server", "--host", "127.0.0.1", "--port", str(port))
    with running(command, folder / "log") as process:
        wait(urllib.request.Request(f"{url}/{bucket}", method="PUT"), process)
        yield {
            "AWS_ACCESS_KEY_ID": "someone",
            "AWS_SECRET_ACCESS_KEY": "something",
            "AWS_ENDPOINT_URL": url,
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": "us-east-1",
        }


@contextmanager
def postgresql(*databases: str) -> Iterator[str]:
    """Serve PostgreSQL with empty databases; yield the address before their names."""
    programs, owner = find_postgresql(), unprivileged()
    port = free_port()
    # Not below pytest's folder, which is closed to the user that the server runs as.
    folder = Path(tempfile.mkdtemp(prefix="postgresql-"))
    try:
        if owner:
            shutil.chown(folder, owner["user"], owner["group"])
        data = str(folder / "data")
        made = ("initdb", "-D", data, "-U", "ada", "--auth=trust", "--no-sync")
        subprocess.run(
            [programs / made[0], *made[1:]], check=True, cwd=folder, stdout=subprocess.PIPE, **owner
        )
        place = ("-h", "127.0.0.1", "-p", str(port))
        command = [str(programs / "postgres"), "-D", data, *place, "-k", str(folder), "-F"]
        with running(command, None, cwd=folder, owner=owner) as process:
            for name in databases:
                make_database([str(programs / "createdb"), *place, "-U", "ada", name], process)
            yield f"postgresql+psycopg://ada:hunter2@127.0.0.1:{port}/"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def mlflow(folder: Path, port: int, *options: str, **environment: str) -> Iterator[None]:
    """Serve MLflow's genuine tracking server, of the version that projects have."""
    pins = (ROOT / "extensions" / "versions.txt").read_text(encoding="utf-8").splitlines()
    (version,) = (pin for pin in pins if pin.startswith("mlflow=="))
    brought = ("--with", "psycopg[binary]", "--with", "boto3")
    place = ("--host", "127.0.0.1", "--port", str(port), "--workers", "1")
    command = tool(version, "mlflow", "server", *place, *options, brought=brought)
    quick = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with running(command, folder / "log", cwd=folder, **(quick | environment)) as process:
        wait(urllib.request.Request(f"http://127.0.0.1:{port}/health"), process)
        yield


def tool(requirement: str, *command: str, brought: tuple[str, ...] = ()) -> list[str]:
    python = ("--python", find_python("3.12"))
    return [find_uv(), "tool", "run", "--quiet", *python, "--from", requirement, *brought, *command]


@contextmanager
def running(
    command: list[str],
    log: Path | None,
    cwd: Path | None = None,
    owner: dict[str, Any] | None = None,
    **environment: str,
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a server with its children; kill all of them at the end."""
    with (log or Path(os.devnull)).open("ab") as output:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=owner_environment() | environment,
            stdout=output,
            stderr=output,
            start_new_session=True,
            **(owner or {}),
        )
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait(request: urllib.request.Request, process: "subprocess.Popen[bytes]") -> None:
    """Ask a server until it answers."""
    for _ in range(WAIT_S * 5):
        try:
            urllib.request.urlopen(request).close()
        except urllib.error.URLError:
            assert process.poll() is None, "the server did not start"
            time.sleep(0.2)
        else:
            return
    raise TimeoutError(request.full_url)


def make_database(command: list[str], process: "subprocess.Popen[bytes]") -> None:
    for _ in range(WAIT_S * 5):
        if subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode == 0:
            return
        assert process.poll() is None, "PostgreSQL did not start"
        time.sleep(0.2)
    raise TimeoutError(command[-1])


def find_postgresql() -> Path:
    """Find the folder of PostgreSQL's programs, also where Debian keeps them off PATH."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    for path in sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb")):
        return path.parent
    pytest.fail("needs PostgreSQL: install it, such as Debian's package 'postgresql'")


def unprivileged() -> dict[str, Any]:
    """Name a user for a server that refuses to run as root."""
    if os.getuid() != 0:
        return {}
    user = pwd.getpwnam("nobody")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
