"""A project predicts from and to a real server that speaks S3, on the loopback."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import servers
from conftest import copy
from owner import Project, find_uv

pytestmark = pytest.mark.slow

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
    with servers.s3(tmp_path_factory.mktemp("s3"), "rows") as environment:
        yield environment


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
