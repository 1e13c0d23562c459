"""Environment files of conda, whose packages may have other names."""

import re
from collections.abc import Iterator

import yaml
from packaging.utils import canonicalize_name

from copier_ml.adopt.evidence import Evidence

from . import entry
from .entry import DEPENDENCIES, Found, Table, get_list, get_table
from .pip import Reader

FILES = r"(?:(?:conda|envs?|environments?)/)?(?:environment|conda|env)(?:[-_.][\w.-]+)?\.ya?ml"

NAMES = {
    "dask-core": "dask",
    "faiss": "faiss-cpu",
    "matplotlib-base": "matplotlib",
    "msgpack-python": "msgpack",
    "opencv": "opencv-python",
    "py-opencv": "opencv-python",
    "py-xgboost": "xgboost",
    "py-xgboost-cpu": "xgboost",
    "py-xgboost-gpu": "xgboost",
    "pyg": "torch-geometric",
    "pytables": "tables",
    "python-flatbuffers": "flatbuffers",
    "python-graphviz": "graphviz",
    "python-kaleido": "kaleido",
    "python-lmdb": "lmdb",
    "python-xxhash": "xxhash",
    "pytorch": "torch",
    "pytorch-cpu": "torch",
    "pytorch-geometric": "torch-geometric",
    "pytorch-gpu": "torch",
    "pytorch-scatter": "torch-scatter",
    "pytorch-sparse": "torch-sparse",
    "seaborn-base": "seaborn",
    "tensorflow-base": "tensorflow",
    "tensorflow-cpu": "tensorflow",
    "tensorflow-gpu": "tensorflow",
}
"""PyPI names of conda packages."""

CUDA = re.compile(r"(?:cuda|cudatoolkit|cudnn|nccl)(?!-python$).*|cpuonly|pytorch-(?:cuda|mutex)")

FOREIGN = re.compile(
    r"(?:lib(?!cst|rosa|sass)|_|mkl|clang|ld-impl|m2w64-|r-).*|.*compilers?|g(?:cc|xx|fortran).*"
    r"|.*-(?:linux|osx|win)-\w+|blas|bzip2|c-ares|ca-certificates|ffmpeg|gdal|git|git-lfs|graphviz"
    r"|hdf5|icu|intel-openmp|make|ncurses|nodejs|nomkl|openblas|openjdk|openmpi|openssl|python-abi"
    r"|readline|sqlite|tbb|tk|ucrt|vc|vs2015-runtime|xz|yaml|zlib|zstd"
)
"""Packages that are not Python: PyPI has none, or an unrelated one of that name."""


def read(evidence: Evidence, reader: Reader) -> Iterator[Found]:
    """Read all environment files; ``environment-dev.yml`` is the group ``dev``."""
    for path in evidence.named(FILES):
        stem = path.rpartition("/")[2].rpartition(".")[0]
        name = re.sub(r"^(?:environment|conda|env)(?:[-_.]env)?[-_.]?", "", stem)
        yield from _read_file(path, entry.to_group(name) if name else DEPENDENCIES, reader)


def _read_file(path: str, table: Table, reader: Reader) -> Iterator[Found]:
    try:
        data = yaml.safe_load(reader.evidence.read(path))
    except yaml.YAMLError:
        yield entry.skip(path, "", "it is no YAML")
        return
    for line in get_list(get_table(data).get("dependencies")):
        if isinstance(line, dict):
            for row in get_list(line.get("pip")):
                yield from reader.read_line(path, str(row), table)
        else:
            yield from read_spec(path, str(line), table)


def read_spec(origin: str, line: str, table: Table) -> Iterator[Found]:
    """Translate a specification such as ``conda-forge::numpy=1.26=py310h5f9d8c6_0``. Pure.

    An export has C libraries, too, whose builds are a checksum without a version of Python.
    """
    spec = re.sub(r"\s*([<>=!~,|]+)\s*", r"\1", line.rpartition("::")[2].strip())
    found = re.match(r"[\w.-]+", spec)
    name = canonicalize_name(found[0]) if found else ""
    version, build, *_ = [*re.split(r"(?<=[\w*])=(?=[\w*])|\s+", spec[len(name) :].strip()), ""]
    if name == "python":
        yield from entry.write_python(origin, bound(re.sub(r"^(=*3\.\d+)\.\d+$", r"\1", version)))
    elif CUDA.fullmatch(name):
        yield entry.skip(origin, line, "wheels bring CUDA; the answer cuda_version picks them")
    elif FOREIGN.fullmatch(name) or re.fullmatch(r"(?:h[0-9a-f]{7})?_?\d+", build):
        yield entry.skip(origin, line, "it is no Python package, so PyPI does not have it")
    elif name != "pip":
        yield from entry.write(origin, table, NAMES.get(name, name) + bound(version))


def bound(version: str) -> str:
    """Convert conda's versions to PEP 440: ``=1.26`` and ``1.26*`` become ``==1.26``. Pure."""
    plain = version.lstrip("=")
    if "!" not in plain:
        plain = re.sub(r"\.?\*", "", plain)
    return plain if plain[:1] in "<>!~" else f"=={plain}"
