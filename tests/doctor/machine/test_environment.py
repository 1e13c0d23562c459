"""The project's own Python is asked about its framework; here the frameworks are made up."""

from pathlib import Path

import pytest
from machine_programs import describe, install

from copier_ml.doctor.machine import environment
from copier_ml.doctor.machine.environment import Build, Device

TORCH = """
import warnings
from types import SimpleNamespace as Namespace

__version__ = "2.15.0+cu130"
version = Namespace(cuda="13.0")
float32 = "float32"
accelerator = Namespace(current_accelerator=lambda check_available: Namespace(type=KIND))
H200 = Namespace(name="NVIDIA H200", major=9, minor=0, total_memory=1024)
cuda = Namespace(device_count=lambda: 2, get_device_properties=lambda index: H200)

class Tensor:
    device = ""
    def reshape(self, *shape): return self
    def __matmul__(self, other):
        if "1" in self.device: raise RuntimeError("CUDA error:\\nno kernel image")
        return self
    def cpu(self): return self
    def to(self, device):
        there = Tensor()
        there.device = device
        return there

def arange(count, dtype): return Tensor()
def device(kind, index): return f"{kind}:{index}"
def equal(one, other): return IS_RIGHT

warnings.warn("the driver is too old")
print("hello from the framework")
"""


def make_torch(kind: str = "cuda", *, is_right: bool = True) -> str:
    return f"KIND, IS_RIGHT = {kind!r}, {is_right}\n{TORCH}"


def test_torch_tells_its_build_and_its_devices(tmp_path: Path) -> None:
    install(tmp_path, torch=make_torch())
    found = environment.ask(tmp_path, "torch")
    assert found.python.startswith("3.")
    assert found.error == ""
    assert found.build == Build("torch", "2.15.0+cu130", "13.0")
    assert found.devices == (
        Device(0, "NVIDIA H200", "cuda", "9.0", 1024),
        Device(1, "NVIDIA H200", "cuda", "9.0", 1024, "CUDA error: no kernel image"),
    )


def test_a_device_that_multiplies_wrongly_fails(tmp_path: Path) -> None:
    install(tmp_path, torch=make_torch("mps", is_right=False))
    failure = "it multiplies two small matrices wrongly"
    expected = (Device(0, "MPS device", "mps", "", 0, failure),)
    assert environment.ask(tmp_path, "torch").devices == expected


JAX = """
from types import SimpleNamespace as Namespace

def local_devices():
    if FAILS: raise FAILS
    gpu = Namespace(platform="gpu", device_kind="NVIDIA H200", compute_capability="9.0",
                    memory_stats=lambda: None)
    return [Namespace(platform="cpu"), gpu]

def device_put(numbers, device): return numbers
"""

NUMPY = """
float32 = "float32"

class Array(list):
    def reshape(self, *shape): return self
    def __matmul__(self, other): return self

def arange(count, dtype): return Array()
def asarray(array): return array
def array_equal(one, other): return one == other
"""


def test_jax_tells_its_build_and_its_devices(tmp_path: Path) -> None:
    packages = install(tmp_path, jax=f"FAILS = None\n{JAX}", numpy=NUMPY)
    describe(packages, "jax", "0.12.0")
    assert environment.ask(tmp_path, "jax").build == Build("jax", "0.12.0", "")
    describe(packages, "jax-cuda13-plugin", "0.12.0")
    found = environment.ask(tmp_path, "jax")
    assert found.build == Build("jax", "0.12.0", "13")
    assert found.devices == (Device(0, "NVIDIA H200", "cuda", "9.0", 0),)


@pytest.mark.parametrize("error", ["RuntimeError('no device')", "AssertionError()"])
def test_jax_without_a_device_that_starts_has_none(error: str, tmp_path: Path) -> None:
    describe(install(tmp_path, jax=f"FAILS = {error}\n{JAX}"), "jax", "0.12.0")
    found = environment.ask(tmp_path, "jax")
    assert (found.build, found.devices) == (Build("jax", "0.12.0", ""), ())


def test_scikit_learn_has_no_devices(tmp_path: Path) -> None:
    describe(install(tmp_path), "scikit-learn", "1.9.1")
    found = environment.ask(tmp_path, "scikit-learn")
    assert (found.build, found.devices) == (Build("scikit-learn", "1.9.1", ""), ())


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("raise OSError('libcudart.so.13: cannot open')", "libcudart.so.13: cannot open"),
        ("raise RuntimeError('jaxlib 0.11\\nis too old')", "jaxlib 0.11 is too old"),
        ("raise ImportError", "ImportError"),
        ("__version__ = '2'", "module 'torch' has no attribute 'accelerator'"),
        ("import sys; sys.exit('stopped')", "stopped"),
        ("import os; os._exit(3)", "Python exits with 3"),
    ],
)
def test_a_broken_framework_is_an_error_and_no_traceback(
    code: str, told: str, tmp_path: Path
) -> None:
    install(tmp_path, torch=code)
    found = environment.ask(tmp_path, "torch")
    assert (found.build, found.error) == (None, told)


def test_a_framework_that_is_missing_or_hangs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, jax="import time; time.sleep(30)")
    assert environment.ask(tmp_path, "torch").error == "No module named 'torch'"
    monkeypatch.setattr(environment, "TIMEOUT_S", 0.5)
    assert environment.ask(tmp_path, "jax").error == "no answer in 0.5 s"


def test_reading_the_version_of_python_runs_nothing(tmp_path: Path) -> None:
    assert environment.read(tmp_path).python == ""
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "pyvenv.cfg").write_text("uv = 0.13.9\nversion_info = 3.12.1\n")
    assert environment.read(tmp_path).python == "3.12.1"
    assert "No such file" in environment.ask(tmp_path, "torch").error


def test_the_environment_may_be_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "elsewhere", torch=make_torch())
    monkeypatch.setenv("UV_PROJECT_ENVIRONMENT", str(tmp_path / "elsewhere" / ".venv"))
    assert environment.ask(tmp_path, "torch").build == Build("torch", "2.15.0+cu130", "13.0")
