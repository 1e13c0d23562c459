"""A project predicts from and to a real server that speaks S3, on the loopback."""

import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import copy
from owner import Project, find_python, find_uv, owner_environment

pytestmark = pytest.mark.slow

SERVER = "moto[server]==5.2.1"
"""It runs beside this environment, which needs none of its many packages."""

PUT = """
import sys; from pathlib import Path; from shutil import copyfile
from my_ml_project import storage; from tests import synthetic
for number, address in enumerate(sys.argv[1:]):
    synthetic.rows(300, number).to_parquet("rows.parquet", index=False)
    storage.place(address).publish(Path("rows.parquet"))
"""

SHOW = """
import sys, pandas as pd; from my_ml_project import storage
folder = storage.place(sys.argv[1])
for name in folder.names():
    with folder.inside(name).open() as file:
        print(name, len(pd.read_parquet(file)))
"""


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Serve S3 with an empty bucket ``rows``; yield what the environment must say."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [find_uv(), "tool", "run", "--quiet", "--from", SERVER, "moto_server"]
    log = tmp_path_factory.mktemp("s3") / "log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [*command, "--host", "127.0.0.1", "--port", str(port)],
            env=owner_environment() | {"UV_PYTHON": find_python("3.12")},
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        make_bucket(f"{url}/rows", process)
        yield {
            "AWS_ACCESS_KEY_ID": "someone",
            "AWS_SECRET_ACCESS_KEY": "something",
            "AWS_ENDPOINT_URL": url,
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": "us-east-1",
        }
    finally:
        os.killpg(process.pid, 15)
        process.wait()


def make_bucket(url: str, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(600):
        try:
            urllib.request.urlopen(urllib.request.Request(url, method="PUT")).close()
            return
        except urllib.error.URLError:
            assert process.poll() is None, "the server did not start"
            time.sleep(0.1)
    raise TimeoutError(url)


def test_a_folder_in_s3_is_predicted_and_refusals_are_one_line(
    snapshot: Path, tmp_path: Path, s3: dict[str, str]
) -> None:
    copy(snapshot, tmp_path / "project", {"features": []}, tasks=True, UV=find_uv())
    project = Project(tmp_path / "project", **s3)
    project.uv("sync")
    project.verb("train", "--max-iter", "5")
    run = ("run", "--no-sync", "python", "-c")
    project.uv(*run, PUT, "s3://rows/new/a b.parquet", "s3://rows/new/sub/c#1.parquet")

    call = ("predict", "--input-path", "s3://rows/new/", "--output-path", "s3://rows/out")
    project.verb(*call, "--chunk-rows", "100")
    shown = project.uv(*run, SHOW, "s3://rows").splitlines()
    outputs = [line for line in shown if line.startswith("out/")]
    assert outputs == ["out/a b.parquet 300", "out/sub/c#1.parquet 300"]
    assert len(shown) == 4  # Nothing is left of the chunks.
    assert project.verb(*call).count("is there already") == 2

    paths = ("--input-path", "s3://nowhere/a.parquet", "--output-path", "out.parquet")
    told = project.verb("predict", *paths, expect=1)
    assert told.splitlines()[-1].endswith("404 Not Found NoSuchBucket")
    assert len(told.splitlines()) == 1

    project.uv("sync", "--no-dev", "--extra", "train")
    told = project.verb(*call, expect=1)
    assert "'uv sync --inexact --extra remote' brings it" in told.splitlines()[-1]
