"""What `scripts/refresh_matrix.py` tells of an index that differs from the matrix."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch_index
from conftest import ROOT
from torch_index import Options

SCRIPT = ROOT / "scripts" / "refresh_matrix.py"
LINUX, WINDOWS, MACOS = "manylinux_2_28_x86_64", "win_amd64", "macosx_14_0_arm64"


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    folder = tmp_path / "wheels"
    torch_index.build(folder)
    return folder


def refresh(url: str) -> tuple[int, str]:
    """Return the exit code, and what was printed or, for 2, complained about."""
    command = [sys.executable, SCRIPT, "--index-url", url]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert not (done.stdout and done.stderr)
    return done.returncode, done.stdout + done.stderr


def differences(wheels: Path) -> list[str]:
    with torch_index.serving(wheels) as url:
        code, printed = refresh(url)
    assert code == 1, printed
    return printed.splitlines()


def copy(wheels: Path, old: str, new: str) -> None:
    """Put the wheels whose path has ``old`` beside themselves, with ``new`` instead."""
    for wheel in wheels.rglob("*.whl"):
        path = wheel.relative_to(wheels).as_posix()
        if old in path:
            (wheels / path.replace(old, new)).parent.mkdir(exist_ok=True)
            (wheels / path.replace(old, new)).touch()


def remove(wheels: Path, part: str) -> None:
    for wheel in wheels.rglob("*.whl"):
        if part in wheel.relative_to(wheels).as_posix():
            wheel.unlink()


def test_the_matrix_agrees_with_what_is_known_of_the_index(wheels: Path) -> None:
    with torch_index.serving(wheels) as url:
        assert refresh(f"{url}/") == (0, f"cuda.toml agrees with {url}\n")


def test_a_mirror_without_hashes_and_metadata_will_do(wheels: Path) -> None:
    bare = Options(has_hashes=False, has_metadata=False, has_upload_times=False)
    with torch_index.serving(wheels, bare) as url:
        assert refresh(url)[0] == 0


def test_a_newer_release_of_a_line_is_told(wheels: Path) -> None:
    copy(wheels, "/torch-2.14.1+cu130", "/torch-2.14.2+cu130")
    told = ['build.pytorch."2.14".cu130: newest is 2.14.1, the index has 2.14.2']
    assert differences(wheels) == told


def test_a_release_taken_back_is_told(wheels: Path) -> None:
    copy(wheels, "/torch-2.14.1+cu130", "/torch-2.14.0+cu130")
    remove(wheels, "/torch-2.14.1+cu130")
    told = ['build.pytorch."2.14".cu130: newest is 2.14.1, the index has 2.14.0']
    assert differences(wheels) == told


def test_a_line_that_the_matrix_lacks_is_told(wheels: Path) -> None:
    copy(wheels, "/torch-2.15.0+cu132", "/torch-2.16.0+cu132")
    assert differences(wheels) == [
        (
            'build.pytorch."2.16".cu132: the matrix has no such table, the index has newest '
            "2.16.0; python 3.11, 3.15; platforms linux-aarch64, linux-x86_64, windows-x86_64"
        ),
    ]


def test_a_line_that_the_index_lacks_is_told(wheels: Path) -> None:
    remove(wheels, "cu126/torch-2.13")
    told = ['build.pytorch."2.13".cu126: the index has no release of this line any more']
    assert differences(wheels) == told


def test_a_build_that_is_gone_is_told_for_each_line(wheels: Path) -> None:
    remove(wheels, "cu132/")
    lines = [f'build.pytorch."{line}".cu132' for line in ("2.14", "2.15")]
    assert differences(wheels) == [f"{line}: the index has no cu132 any more" for line in lines]


def test_a_new_build_is_told_before_it_has_a_torchvision(wheels: Path) -> None:
    copy(wheels, "cu132/torch-2.15.0+cu132", "cu133/torch-2.15.0+cu133")
    (told,) = differences(wheels)
    assert told.startswith('build.pytorch."2.15".cu133: the matrix has no such table')


def test_another_range_of_pythons_is_told(wheels: Path) -> None:
    copy(wheels, "/torch-2.14.1+cu126-cp314-cp314", "/torch-2.14.1+cu126-cp315-cp315")
    remove(wheels, "/torch-2.13.0+cu126-cp310")
    assert differences(wheels) == [
        'build.pytorch."2.13".cu126: python is 3.10, 3.14, the index has 3.11, 3.14',
        'build.pytorch."2.14".cu126: python is 3.10, 3.14, the index has 3.10, 3.15',
    ]


def test_other_platforms_are_told(wheels: Path) -> None:
    for wheel in (wheels / "cpu").glob(f"torch-2.14.1-*-{MACOS}.whl"):
        wheel.with_name(wheel.name.replace(MACOS, "macosx_14_0_x86_64")).touch()
        wheel.unlink()
    assert differences(wheels) == [
        (
            'build.pytorch."2.14".cpu: platforms is linux-aarch64, linux-x86_64, '
            "macos-arm64, windows-x86_64, the index has linux-aarch64, linux-x86_64, "
            "macos-x86_64, windows-x86_64"
        ),
    ]


def test_a_single_missing_wheel_is_told(wheels: Path) -> None:
    remove(wheels, f"/torch-2.15.0+cu130-cp315-cp315-{WINDOWS}")
    told = ['build.pytorch."2.15".cu130: the index has no wheel for Python 3.15 on windows-x86_64']
    assert differences(wheels) == told


def test_another_torchvision_is_told(wheels: Path) -> None:
    copy(wheels, "/torchvision-0.28.0+cu130", "/torchvision-0.28.1+cu130")
    copy(wheels, "/torchvision-0.29.2+cu130", "/torchvision-0.30.0+cu130")
    remove(wheels, "/torchvision-0.29.1+cu130")
    assert differences(wheels) == [
        'build.pytorch."2.13".cu130: no table has torchvision 0.28.1, which follows 0.28.0',
        'build.pytorch."2.14".cu130: torchvision is 0.29.1, the index does not have it',
        'build.pytorch."2.15".cu130: no table has torchvision 0.30.0, which follows 0.29.2',
    ]


@pytest.mark.parametrize(
    "name",
    [
        f"torch-2.12.9+cu130-cp310-cp310-{LINUX}.whl",
        f"torch-2.16.0rc1+cu130-cp312-cp312-{LINUX}.whl",
        f"torch-2.15.0+cu130-cp315-cp315t-{LINUX}.whl",
        f"torch-2.15.0+rocm7.2-cp312-cp312-{LINUX}.whl",
        f"torch-2.15.0+xpu-cp312-cp312-{LINUX}.whl",
        f"torch-2.15.0+cu130-cp312-cp312-manylinux_2_27_x86_64.{LINUX}.whl",
        f"torchvision-0.27.1+cu130-cp312-cp312-{LINUX}.whl",
        f"torchvision-0.29.0+cu130-cp312-cp312-{LINUX}.whl",
        "torch-2.16.0.tar.gz.whl",
    ],
)
def test_what_is_not_offered_is_no_difference(wheels: Path, name: str) -> None:
    folder = wheels / (re.findall(r"rocm7\.2|xpu", name) or ["cu130"])[0]
    folder.mkdir(exist_ok=True)
    (folder / name).touch()
    with torch_index.serving(wheels) as url:
        assert refresh(url) == (0, f"cuda.toml agrees with {url}\n")


@pytest.mark.parametrize("status", [403, 404, 500])
def test_a_page_that_is_refused_is_one_line_with_the_reason(wheels: Path, status: int) -> None:
    with torch_index.serving(wheels, Options(status=status)) as url:
        code, printed = refresh(url)
    assert code == 2
    assert re.fullmatch(f"{url}/torch/ cannot be read: HTTP Error {status}: .*\n", printed)


def test_an_index_that_is_down_is_one_line(wheels: Path) -> None:
    with torch_index.serving(wheels) as url:
        pass
    code, printed = refresh(url)
    assert code == 2
    assert re.fullmatch(f"{url}/torch/ cannot be read: .*refused.*\n", printed)


def test_a_page_without_torchvision_is_one_line(wheels: Path) -> None:
    remove(wheels, "cu126/torchvision")
    with torch_index.serving(wheels) as url:
        code, printed = refresh(url)
    assert (code, printed.count("\n")) == (2, 1)
    assert printed.startswith(f"{url}/cu126/torchvision/ cannot be read: HTTP Error 403")


@pytest.mark.parametrize("url", ["nowhere", "http://[", "http://ada:pass@127.0.0.1/whl"])
def test_an_address_that_is_none_is_one_line(url: str) -> None:
    code, printed = refresh(url)
    assert (code, printed.count("\n")) == (2, 1)
    assert "cannot be read" in printed
