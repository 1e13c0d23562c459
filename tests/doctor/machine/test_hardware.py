"""Facts of a machine, as its programs tell them; here these programs are fakes on the PATH."""

import os
from pathlib import Path

import pytest
from machine_programs import empty_path, fake

from copier_ml.doctor.machine import hardware

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the fakes are shell scripts")


@pytest.fixture(autouse=True)
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return empty_path(tmp_path / "programs", monkeypatch)


def test_without_programs_there_is_no_gpu(programs: Path) -> None:
    assert not any(programs.iterdir())
    here = hardware.read()
    assert (here.driver, here.driver_error, here.gpus, here.nvcc) == ("", "", (), "")
    assert here.system in {"linux", "darwin"}


def test_a_driver_lists_its_gpus(programs: Path) -> None:
    fake(programs, "nvidia-smi", "echo 'NVIDIA H200, 580.95.05, 143771, 9.0'")
    here = hardware.read()
    assert here.driver == "580.95.05"
    assert here.gpus == (hardware.Gpu("NVIDIA H200", "9.0", 143771 * 2**20),)


def test_what_a_driver_does_not_say_is_unknown(programs: Path) -> None:
    fake(programs, "nvidia-smi", "echo 'GRID A100, 470.1, [N/A], [N/A]'")
    assert hardware.read().gpus == (hardware.Gpu("GRID A100", "", 0),)


def test_an_old_driver_is_asked_for_what_it_knows(programs: Path) -> None:
    unknown = 'Field "compute_cap" is not a valid field to query.'
    refuse = f"case $1 in *compute_cap*) echo '{unknown}'; exit 2;; esac"
    fake(programs, "nvidia-smi", f"{refuse}\necho 'Tesla V100, 470.82.01, 16160'")
    here = hardware.read()
    assert (here.driver, here.driver_error) == ("470.82.01", "")
    assert here.gpus == (hardware.Gpu("Tesla V100", "", 16160 * 2**20),)


def test_a_warning_beside_the_list_is_passed_over(programs: Path) -> None:
    warning = "echo 'WARNING: infoROM is corrupted at gpu 0000:3B:00.0'; exit 14"
    fake(programs, "nvidia-smi", f"echo 'NVIDIA H200, 580.95.05, 143771, 9.0'\n{warning}")
    here = hardware.read()
    assert here.driver_error == ""
    assert [gpu.name for gpu in here.gpus] == ["NVIDIA H200"]


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("echo 'Driver/library version mismatch'; exit 18", "18: Driver/library version mismatch"),
        ("echo 'No devices were found'", "0: No devices were found"),
        ("exit 9", "9: no output"),
        ("echo 'NVIDIA H200, [N/A], 143771, 9.0'", "0: NVIDIA H200, [N/A]"),
        ("echo 'NVIDIA H200, 580.95.05, 143771, 9.0'; echo 'GPU is lost'; exit 15", "GPU is lost"),
    ],
)
def test_a_driver_that_fails_is_told_by_its_words(programs: Path, script: str, told: str) -> None:
    fake(programs, "nvidia-smi", script)
    here = hardware.read()
    assert here.driver == ""
    assert told in here.driver_error


def test_a_driver_that_hangs_is_not_waited_for(
    programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake(programs, "nvidia-smi", "exec /bin/sleep 30")
    fake(programs, "nvcc", "exec /bin/sleep 30")
    monkeypatch.setattr(hardware, "TIMEOUT_S", 0.1)
    here = hardware.read()
    assert "does not answer" in here.driver_error
    assert here.nvcc == ""


def test_a_program_that_cannot_run_is_none(programs: Path) -> None:
    (programs / "nvcc").write_bytes(b"\x7fELF")
    (programs / "nvcc").chmod(0o755)
    assert hardware.read().nvcc == ""


def test_a_python_of_32_bits_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardware, "BITS", 32)
    assert hardware.read().processor.endswith(" in 32 bits")


def test_the_toolkit_tells_its_release(programs: Path) -> None:
    fake(programs, "nvcc", "echo 'Cuda compilation tools, release 13.0, V13.0.88'")
    assert hardware.read().nvcc == "13.0"
