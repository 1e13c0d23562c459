"""A project predicts from and to a real server that speaks S3, on the loopback."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import servers
from owner import Project

pytestmark = pytest.mark.slow

PUT = """
import sys; from pyarrow import Table, fs, parquet; from tests import synthetic
files, folder = fs.FileSystem.from_uri(sys.argv[1])
for number, name in enumerate(sys.argv[2:]):
    rows = Table.from_pandas(synthetic.rows(300, number))
    parquet.write_table(rows, f"{folder}/{name}", filesystem=files)
"""

SHOW = """
import sys; from pyarrow import fs, parquet
files, folder = fs.FileSystem.from_uri(sys.argv[1])
found = files.get_file_info(fs.FileSelector(folder, recursive=True))
for path in sorted(info.path for info in found if info.is_file):
    print(path, parquet.read_table(path, filesystem=files).num_rows)
"""


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with servers.s3(tmp_path_factory.mktemp("s3"), "rows") as environment:
        yield environment


def test_a_folder_in_s3_is_predicted_and_refusals_are_one_line(
    everything: Project, tmp_path: Path, s3: dict[str, str]
) -> None:
    project = everything.clone(tmp_path / "project", **s3)
    project.command("train", "--max-iter", "5")
    run = ("run", "--no-sync", "python", "-c")
    project.uv(*run, PUT, "s3://rows/new", "a b.parquet", "sub/c#1.parquet")

    call = ("batch", "--input-folder", "s3://rows/new/", "--output-folder", "s3://rows/out")
    project.command(*call, "--chunk-rows", "100")
    shown = project.uv(*run, SHOW, "s3://rows").splitlines()
    outputs = [line for line in shown if line.startswith("rows/out/")]
    assert outputs == ["rows/out/a b.parquet 300", "rows/out/sub/c#1.parquet 300"]
    assert len(shown) == 4  # Nothing else is left.
    assert project.command(*call).count("is up to date") == 2

    told = project.command("batch", "--input-folder", "s3://nowhere", expect=1)
    assert "my-ml-project: s3://nowhere" in told.splitlines()[-1]
    assert "Traceback" not in told
