"""What keeps a GPU from training, and what to do about it."""

from dataclasses import replace

import pytest
from machine_situations import (
    ALONE,
    CPU,
    H200,
    LOCKED,
    NEWER,
    NO_GPU,
    OLDER,
    ON_CPU,
    ON_H200,
    PASCAL,
    RUBIN,
    UNKNOWN,
    Situation,
    check,
    facts,
)

from copier_ml.doctor.machine.environment import Build
from copier_ml.doctor.machine.hardware import Gpu

SITUATIONS: dict[str, Situation] = {
    "all is well": (facts(), "", ""),
    "no GPU, build for the CPU": (
        facts(NO_GPU, build=ON_CPU, devices=()),
        "note",
        "no NVIDIA driver: models train on the CPU",
    ),
    "no driver, build for CUDA": (
        facts(NO_GPU, devices=()),
        "problem",
        (
            "no NVIDIA driver, the installed build is for CUDA 13.0: install NVIDIA driver "
            "580.65.06 or newer, or run 'ACCELERATOR=cpu uv run just sync'"
        ),
    ),
    "driver too old, another answer helps": (
        facts({"driver": "535.54"}),
        "problem",
        (
            "driver 535.54 is older than 580.65.06, which CUDA 13.0 needs: update the driver, or "
            "run 'copier-ml update --data cuda_version=12.6'"
        ),
    ),
    "driver too old, no answer helps": (
        facts({"driver": "520.1"}, needs=replace(CPU, cuda=ALONE)),
        "problem",
        "driver 520.1 is older than 580.65.06, which CUDA 13.0 needs: update the driver",
    ),
    "driver too old, build for the CPU": (
        facts({"driver": "535.54"}, build=ON_CPU, devices=()),
        "note",
        "driver 535.54 is older than 580.65.06",
    ),
    "driver older than the native one": (
        facts(needs=replace(CPU, cuda=NEWER), build=Build("torch", "2.15.0+cu130", "13.2")),
        "note",
        "older than 595.71.05, the driver that CUDA 13.2 was released with: it works",
    ),
    "driver of Windows that the matrix does not know": (
        facts(
            {"system": "windows", "processor": "AMD64", "libc": ""},
            needs=replace(CPU, cuda=OLDER),
        ),
        "",
        "",
    ),
    "driver broken": (
        facts(
            {"driver": "", "driver_error": "nvidia-smi exits with 18: mismatch", "gpus": ()},
            devices=(),
        ),
        "problem",
        "nvidia-smi exits with 18: mismatch, it should list the GPUs: restart the machine",
    ),
    "driver broken, build for the CPU": (
        facts({"driver": "", "driver_error": "it hangs", "gpus": ()}, build=ON_CPU, devices=()),
        "note",
        "it hangs",
    ),
    "GPU there, build for the CPU": (
        facts(build=ON_CPU, devices=()),
        "note",
        "torch 2.15.0+cpu, which leaves the GPU idle: run 'ACCELERATOR=cuda uv run just sync'",
    ),
    "GPU there, project without CUDA": (
        facts(build=ON_CPU, devices=(), needs=CPU, locked=LOCKED[:2]),
        "note",
        "run 'copier-ml update --data cuda_version=13.0'",
    ),
    "GPU too old": (
        facts({"gpus": (PASCAL,)}),
        "problem",
        (
            "Tesla P100, compute capability 6.0, 16 GiB, the build for CUDA 13.0 supports 7.5, "
            "8.0, 8.6, 9.0, 10.0, 12.0: use another GPU, or run 'copier-ml update --data "
            "cuda_version=12.6'"
        ),
    ),
    "GPU too new": (
        facts({"gpus": (RUBIN,)}),
        "problem",
        "Some later GPU, compute capability 13.0, memory unknown, the build for CUDA 13.0",
    ),
    "GPU of a higher minor version": (facts({"gpus": (Gpu("Ada", "8.9", 0),)}), "", ""),
    "one of several GPUs too old": (
        facts({"gpus": (H200, H200, PASCAL)}, devices=(ON_H200,) * 3),
        "problem",
        "Tesla P100",
    ),
    "capability unknown": (facts({"gpus": (Gpu("NVIDIA GRID", "", 0),)}), "", ""),
    "all GPUs hidden": (
        facts({"visible": ""}, devices=()),
        "problem",
        "torch sees 0 of 1 GPUs, CUDA_VISIBLE_DEVICES is '': unset CUDA_VISIBLE_DEVICES",
    ),
    "some GPUs hidden": (
        facts({"visible": "0", "gpus": (H200, H200)}),
        "note",
        "torch sees 1 of 2 GPUs, CUDA_VISIBLE_DEVICES is '0'",
    ),
    "fewer devices than GPUs": (
        facts({"gpus": (H200, H200)}),
        "problem",
        "torch sees 1 of 2 GPUs: run 'uv run just sync', then restart the machine",
    ),
    "framework missing": (
        facts(build=None, error="No module named 'torch'", devices=()),
        "problem",
        "torch cannot be imported (No module named 'torch'): install it with 'uv run just sync'",
    ),
    "build for another CUDA": (
        facts(build=Build("torch", "2.15.0+cu132", "13.2")),
        "problem",
        "torch 2.15.0+cu132 for CUDA 13.2, the project requires CUDA 13.0: run 'ACCELERATOR=cuda",
    ),
    "build of the same major version, which is all that JAX says": (
        facts(build=Build("torch", "2.15.0+cu130", "13")),
        "",
        "",
    ),
    "build for CUDA, project without": (
        facts(needs=CPU, locked=LOCKED),
        "problem",
        "the project requires the build for the CPU: run 'uv run just sync'",
    ),
    "calculation fails": (
        facts(devices=(replace(ON_H200, failure="CUDA error: no kernel image"),)),
        "problem",
        "cuda:0 NVIDIA H200 fails: CUDA error: no kernel image: restart the machine",
    ),
    "toolkit of another CUDA": (
        facts({"nvcc": "12.4"}),
        "note",
        "nvcc 12.4, the build is for CUDA 13.0: compile C++ extensions with",
    ),
    "build that this copier-ml does not know": (
        facts(
            needs=replace(CPU, cuda=UNKNOWN),
            build=Build("torch", "3.1.0+cu140", "14.0"),
            locked=("3.1.0+cu140",),
        ),
        "note",
        "drivers and GPUs of torch cu140 are not known: use a newer copier-ml",
    ),
    "driver too old, nothing installed, project for CUDA": (
        facts({"driver": "535.54"}, python="", build=None, devices=()),
        "problem",
        "driver 535.54 is older than 580.65.06",
    ),
    "driver broken, nothing installed, project for the CPU": (
        facts(
            {"driver": "", "driver_error": "it hangs", "gpus": ()},
            needs=CPU,
            python="",
            build=None,
            devices=(),
            locked=LOCKED[:2],
        ),
        "note",
        "it hangs",
    ),
    "toolkit of the same CUDA": (facts({"nvcc": "13.1"}), "", ""),
}


@pytest.mark.parametrize("name", SITUATIONS)
def test_a_situation_has_its_verdict_and_its_fix(name: str) -> None:
    check(SITUATIONS[name])
