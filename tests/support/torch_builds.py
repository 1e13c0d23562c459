"""Stub wheels of torch and torchvision: what PyTorch publishes, without the gigabytes.

A stub requires what the genuine wheel does, so a lock is real up to torch itself, and it can be
imported: it says its version and its CUDA, and sees a GPU of the compute capability in
``TORCH_STUB_CAPABILITY``, such as 9.0, or none. A genuine CPU wheel in a folder of
``PIP_FIND_LINKS`` replaces its stub, so that one variant really trains.
"""

import base64
import csv
import hashlib
import io
import os
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

COMMON = [
    "filelock",
    "typing-extensions>=4.10.0",
    "setuptools>=77.0.3",
    "sympy>=1.13.3",
    "networkx>=2.5.1",
    "jinja2",
    "fsspec>=0.8.5",
]
"""Requirements of every build of torch."""

TOOLKIT = "cublas,cudart,cufft,cufile,cupti,cusolver,cusparse,nvrtc,nvtx"
"""Extras of the package cuda-toolkit that every build for CUDA requires."""

CUDA_12 = (
    f"cuda-toolkit[{TOOLKIT},curand]==12.6.3",
    "nvidia-nvjitlink-cu12<13,>=12.6.85",
    "nvidia-cudnn-cu12==9.10.2.21",
    "nvidia-cusparselt-cu12==0.7.1",
    "nvidia-nccl-cu12==2.29.3",
    "nvidia-nvshmem-cu12==3.4.5",
)


def _cuda_13(toolkit: str, cudnn: str, nccl: str, nvshmem: str) -> tuple[str, ...]:
    return (
        f"cuda-toolkit[{TOOLKIT},nvjitlink]=={toolkit}",
        f"nvidia-cudnn-cu13=={cudnn}",
        "nvidia-cusparselt-cu13==0.8.1",
        f"nvidia-nccl-cu13=={nccl}",
        f"nvidia-nvshmem-cu13=={nvshmem}",
    )


BUILDS: dict[tuple[str, str], tuple[str, ...]] = {
    ("2.13.0", "cpu"): (),
    ("2.13.0", "cu126"): (*CUDA_12, "triton==3.7.1"),
    ("2.13.0", "cu130"): (*_cuda_13("13.0.3", "9.20.0.48", "2.29.7", "3.4.5"), "triton==3.7.1"),
    ("2.14.1", "cpu"): (),
    ("2.14.1", "cu126"): (*CUDA_12, "triton~=3.8.0"),
    ("2.14.1", "cu130"): (*_cuda_13("13.0.3", "9.24.0.43", "2.30.7", "3.4.5"), "triton~=3.8.0"),
    ("2.14.1", "cu132"): (*_cuda_13("13.2.1", "9.24.0.43", "2.30.7", "3.4.5"), "triton~=3.8.0"),
    ("2.15.0", "cpu"): (),
    ("2.15.0", "cu130"): (*_cuda_13("13.0.3", "9.26.0.51", "2.30.7", "3.7.2"), "triton~=3.9.0"),
    ("2.15.0", "cu132"): (*_cuda_13("13.2.2", "9.26.0.51", "2.30.7", "3.7.2"), "triton~=3.9.0"),
}
"""Version of torch and tag of the index, to what it requires on Linux beyond the common ones."""

CUDA = {"cpu": None, "cu126": "12.6", "cu130": "13.0", "cu132": "13.2"}
"""What ``torch.version.cuda`` says in the builds of a tag."""

PYTHONS = {"2.13.0": range(10, 15), "2.14.1": range(10, 15), "2.15.0": range(11, 16)}
"""Minor versions of CPython 3 that a release has wheels for."""

TORCHVISION = {
    "2.13.0": ("0.28.0", "torch==2.13.0"),
    "2.14.1": ("0.29.1", "torch>=2.14.0"),
    "2.15.0": ("0.29.2", "torch>=2.14.0"),
}
"""Version of torch to the torchvision of the same day, and the torch that this one requires."""

PLATFORMS = ("manylinux_2_28_x86_64", "manylinux_2_28_aarch64", "win_amd64")
MACOS = "macosx_14_0_arm64"
"""Platform of the CPU builds alone; its versions have no local label."""

TORCH = """\
from . import backends, cuda, distributed, nn, version
from .version import __version__


class Tensor:
    pass


class device:
    pass
"""
VERSION = """\
__version__ = {version!r}
cuda = {cuda!r}
"""
STUB_CUDA = """\
import os
from types import SimpleNamespace

from . import version

_CAPABILITY = os.environ.get("TORCH_STUB_CAPABILITY", "") if version.cuda else ""


def is_available():
    return bool(_CAPABILITY)


def device_count():
    return int(is_available())


def get_device_name(device=None):
    return "Stub GPU"


def get_device_capability(device=None):
    major, minor = _CAPABILITY.split(".")
    return int(major), int(minor)


def get_device_properties(device=None):
    major, minor = get_device_capability()
    return SimpleNamespace(name="Stub GPU", major=major, minor=minor, total_memory=1 << 30)
"""
STUB_BACKENDS = """\
class mps:
    is_available = is_built = staticmethod(lambda: False)
"""


def build(folder: Path) -> None:
    """Write the wheels of every build, Python and platform below ``folder``."""
    for (version, tag), needed in BUILDS.items():
        vision, needs = TORCHVISION[version]
        for wheel_tag in _wheel_tags(version, tag):
            label = "" if wheel_tag.endswith(MACOS) else f"+{tag}"
            code = {
                "torch/__init__.py": TORCH,
                "torch/backends.py": STUB_BACKENDS,
                "torch/cuda.py": STUB_CUDA,
                "torch/distributed.py": "",
                "torch/nn.py": "class Module:\n    pass\n",
                "torch/version.py": VERSION.format(version=version + label, cuda=CUDA[tag]),
            }
            on_linux = [f'{line}; platform_system == "Linux"' for line in needed]
            _write(folder / tag, f"torch-{version}{label}", wheel_tag, [*COMMON, *on_linux], code)
            code = {"torchvision/__init__.py": f"__version__ = {vision + label!r}\n"}
            requirements = ["numpy", needs, "pillow>=5.3.0"]
            _write(folder / tag, f"torchvision-{vision}{label}", wheel_tag, requirements, code)
    for place in os.environ.get("PIP_FIND_LINKS", "").split():
        for genuine in Path(place).glob("torch-*+cpu-*.whl"):
            _take_genuine(genuine, folder / "cpu" / genuine.name)


def _wheel_tags(version: str, tag: str) -> Iterator[str]:
    for minor in PYTHONS[version]:
        for platform in [*PLATFORMS, MACOS] if tag == "cpu" else PLATFORMS:
            yield f"cp3{minor}-cp3{minor}-{platform}"


def _write(
    folder: Path, release: str, wheel_tag: str, requirements: list[str], code: dict[str, str]
) -> None:
    """Write a wheel, and beside it the metadata that an index offers on its own."""
    name, version = release.split("-")
    info = f"{release}.dist-info"
    metadata = f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\nRequires-Python: >=3.10\n"
    metadata += "".join(f"Requires-Dist: {line}\n" for line in requirements)
    wheel_facts = f"Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: {wheel_tag}\n"
    files = code | {f"{info}/METADATA": metadata, f"{info}/WHEEL": wheel_facts}
    record = io.StringIO()
    rows = csv.writer(record, lineterminator="\n")
    for path, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=")
        rows.writerow([path, f"sha256={digest.decode()}", len(text.encode())])
    rows.writerow([f"{info}/RECORD", "", ""])
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / f"{release}-{wheel_tag}.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in (files | {f"{info}/RECORD": record.getvalue()}).items():
            archive.writestr(zipfile.ZipInfo(path, (2026, 1, 1, 0, 0, 0)), text)
    Path(f"{wheel}.metadata").write_bytes(metadata.encode())


def _take_genuine(genuine: Path, stub: Path) -> None:
    shutil.copyfile(genuine, stub)
    with zipfile.ZipFile(genuine) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        Path(f"{stub}.metadata").write_bytes(archive.read(name))
