"""Requirements files and environment files of conda are translated."""

from pathlib import Path

import pytest
from required import reasons, translate
from tiny import commit

from copier_ml.adopt.formats import conda, entry, pip
from copier_ml.adopt.formats.entry import DEPENDENCIES, Entry

PIP = {
    "requirements.txt": """\
# What the model needs
--extra-index-url https://ada:secret@example.org/simple
-c constraints.txt
-r more/base.txt
numpy==1.26.4 --hash=sha256:aa \\
    --hash=sha256:bb
Pandas[excel]~=2.1  # frames
torch==2.8.0+cu126 ; sys_platform == "linux"
scipy>=1.11,!=1.12.0,<2
not a requirement
""",
    "more/base.txt": "tqdm\n-r ../requirements.txt\n",
    "constraints.txt": "urllib3<2\n",
    "requirements-dev.txt": "-r requirements.txt\n-r test-requirements.txt\n-e .\nruff==0.5\n",
    "test-requirements.txt": "pytest==8.0\n",
    "docs/requirements.txt": "mkdocs\n",
    "requirements/README.txt": "Read this.\n",
    "requirements.lock.txt": "numpy==1.26.4\n",
}


def test_requirements_files(tmp_path: Path) -> None:
    found = translate(tmp_path, PIP)
    assert found.dependencies == [
        "tqdm",
        "numpy>=1.26.4",
        "Pandas[excel]>=2.1",
        'torch>=2.8.0; sys_platform == "linux"',
        "scipy>=1.11,!=1.12.0,<2",
    ]
    assert found.groups == {
        "dev": [{"include-group": "test"}, "ruff>=0.5"],
        "test": ["pytest>=8.0"],
        "docs": ["mkdocs"],
    }
    assert found.origins["tqdm"] == "more/base.txt"
    assert found.locks == ["requirements.lock.txt"]
    assert reasons(found).keys() == {
        "--extra-index-url https://***@example.org/simple",
        "-c constraints.txt",
        "not a requirement",
    }


def test_addresses_and_folders_become_sources(tmp_path: Path) -> None:
    text = """\
git+https://token@example.org/a/shap.git@v1#egg=shap[plots]
git+https://example.org/a/clip.git
-e git+ssh://git@example.org/a/data.git#egg=data&subdirectory=python
lib @ git+https://example.org/a/lib.git@main ; python_version < "3.13"
https://example.org/wheels/foo_bar-1.0-py3-none-any.whl
-e ./vendor/thing
git+git@example.org:a/short.git#egg=short
/home/ada/wheels/lost-1.0-py3-none-any.whl
vendor/none
svn+https://example.org/a/old#egg=old
.
.[plots]
"""
    files = {
        "requirements.txt": text,
        "vendor/thing/pyproject.toml": '[project]\nname = "The-Thing"\n',
    }
    found = translate(tmp_path, files)
    assert found.dependencies == [
        "shap[plots]",
        "data",
        'lib; python_version < "3.13"',
        "foo-bar",
        "The-Thing",
        "short",
    ]
    assert found.sources == {
        "shap": {"git": "https://example.org/a/shap.git", "rev": "v1"},
        "data": {"git": "ssh://git@example.org/a/data.git", "subdirectory": "python"},
        "lib": {"git": "https://example.org/a/lib.git", "rev": "main"},
        "foo-bar": {"url": "https://example.org/wheels/foo_bar-1.0-py3-none-any.whl"},
        "the-thing": {"path": "vendor/thing", "editable": True},
        "short": {"git": "ssh://git@example.org/a/short.git"},
    }
    assert reasons(found) == {
        "shap[plots]": "its credentials were removed; configure them in Git or uv",
        "/home/ada/wheels/lost-1.0-py3-none-any.whl": (
            "its name is unknown; try 'uv add' with the address"
        ),
        "git+https://example.org/a/clip.git": (
            "its name is unknown; try 'uv add' with the address"
        ),
        "vendor/none": "its name is unknown; try 'uv add' with the address",
        "svn+https://example.org/a/old#egg=old": "uv does not support this kind of address",
        ".[plots]": "extras of the project; use 'uv sync --extra'",
    }


def test_sources_of_pip_tools_win_over_what_was_compiled(tmp_path: Path) -> None:
    files = {
        "requirements/base.in": "numpy\n",
        "requirements/base.txt": "numpy==1.26.4\n    # via -r base.in\n",
        "requirements/dev.in": "-c base.txt\n-r base.txt\npytest\n",
        "requirements/dev.txt": "iniconfig==2.0\npytest==8.0\n",
    }
    found = translate(tmp_path, files)
    assert (found.dependencies, found.groups) == (["numpy"], {"dev": ["pytest"]})
    assert found.locks == ["requirements/base.txt", "requirements/dev.txt"]
    assert not found.untranslated


def test_files_that_include_each_other_are_read_once(tmp_path: Path) -> None:
    files = {
        "setup.cfg": "[options.extras_require]\nlint = file: requirements-lint.txt\n",
        "requirements.txt": "-r requirements/all.txt\nnumpy\n",
        "requirements/all.txt": "-r ../requirements.txt\nnumpy==2\n",
        "requirements-dev.txt": "-r a.txt\n-r requirements-lint.txt\n",
        "requirements-lint.txt": "ruff\n-r requirements.txt\n",
        "a.txt": "-r b.txt\npytest\n",
        "b.txt": "-r a.txt\n-r none.txt\n",
    }
    found = translate(tmp_path, files)
    assert found.dependencies == ["numpy>=2"]
    assert found.extras == {"lint": ["ruff"]}
    assert found.groups == {"dev": ["pytest", {"include-group": "lint"}], "lint": ["ruff"]}
    assert [it.file for it in found.untranslated] == ["none.txt"]


@pytest.mark.parametrize(
    ("url", "source"),
    [
        ("git+https://h.org/a/b@fix/c", {"git": "https://h.org/a/b", "rev": "fix/c"}),
        ("git+ssh://git@h.org/a/b.git", {"git": "ssh://git@h.org/a/b.git"}),
        ("git+git@h.org:a/b.git@v1", {"git": "ssh://git@h.org/a/b.git", "rev": "v1"}),
        ("https://h.org/a.whl#sha256=0", {"url": "https://h.org/a.whl"}),
        ("file:///${PROJECT_ROOT}/a%20b/", {"path": "a b"}),
        ("file:///home/ada/b", {}),
        ("hg+https://h.org/a", {}),
    ],
)
def test_addresses_of_pip(url: str, source: dict[str, str]) -> None:
    assert entry.read_url(url) == source


@pytest.mark.parametrize(
    ("path", "group"),
    [
        ("requirements.txt", ""),
        ("requirements/prod.txt", ""),
        ("requirements/requirements-dev.txt", "dev"),
        ("requirements_gpu.in", "gpu"),
        ("dev-requirements.txt", "dev"),
        ("tests/requirements.txt", "tests"),
        ("docs/requirements-extra.txt", "docs-extra"),
        ("examples/requirements.txt", None),
        ("constraints.txt", None),
        ("notes.txt", None),
    ],
)
def test_the_name_of_a_file_is_its_group(path: str, group: str | None) -> None:
    assert pip.read_name(path) == group


def test_a_file_that_pins_all_that_the_metadata_require_is_a_lock(tmp_path: Path) -> None:
    setup = "from setuptools import setup\nsetup(install_requires=['numpy', 'pandas'])\n"
    pins = "numpy==1.26.4\npandas==2.1.0\npytz==2024.1\n"
    found = translate(tmp_path / "lock", {"setup.py": setup, "requirements.txt": pins})
    assert (found.dependencies, found.locks) == (["numpy", "pandas"], ["requirements.txt"])
    found = translate(tmp_path / "more", {"setup.py": setup, "requirements.txt": pins + "shap\n"})
    assert found.dependencies == ["numpy", "pandas", "pytz>=2024.1", "shap"]
    assert found.locks == []


def test_a_file_in_utf_16_is_read(tmp_path: Path) -> None:
    folder = commit(tmp_path / "churn", {})
    (folder / "requirements.txt").write_bytes("numpy==1.26.4\r\n".encode("utf-16"))
    assert translate(tmp_path, {}).dependencies == ["numpy>=1.26.4"]


CONDA = """name: churn
channels: [pytorch, nvidia]
dependencies:
  - python=3.10.12
  - pytorch::pytorch=2.1.0=py3.10_cuda12.1_cudnn8.9.2_0
  - numpy=1.26
  - pandas >=2.0, <3
  - scipy 1.11.*
  - jaxlib=*=*cuda*
  - opencv
  - librosa
  - pip
  - pytorch-cuda=12.1
  - libgcc-ng=11.2.0=h1234567_1
  - fonts=1.0=h6a678d5_0
  - cxx-compiler
  - polars<1|>2
  - pip:
    - transformers==4.40.0
    - -r requirements.txt
"""


def test_environments_of_conda(tmp_path: Path) -> None:
    files = {
        "environment.yml": CONDA,
        "environment-dev.yaml": "dependencies: [numpy=1.26, pytest=8]\n",
        "environment-bad.yaml": "{{ dependencies }}\n",
        "requirements.txt": "numpy==1.20\n",
    }
    found = translate(tmp_path, files)
    assert found.requires_python == ">=3.10"
    assert found.dependencies == [
        "numpy>=1.20",
        "torch>=2.1.0",
        "pandas>=2.0,<3",
        "scipy>=1.11",
        "jaxlib",
        "opencv-python",
        "librosa",
        "transformers>=4.40.0",
    ]
    assert found.groups == {"dev": ["pytest>=8"]}
    assert found.origins["numpy"] == "requirements.txt"
    foreign = "it is no Python package, so PyPI does not have it"
    assert reasons(found) == {
        "": "it is no YAML",
        "pytorch-cuda=12.1": "wheels bring CUDA; the answer cuda_version picks them",
        "libgcc-ng=11.2.0=h1234567_1": foreign,
        "fonts=1.0=h6a678d5_0": foreign,
        "cxx-compiler": foreign,
        "polars<1|>2": entry.INVALID,
    }


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("numpy", "numpy"),
        ("conda-forge/linux-64::numpy==1.26.4", "numpy>=1.26.4"),
        ("numpy 1.26*", "numpy>=1.26"),
        ("numpy = 1.26.*", "numpy>=1.26"),
        ("numpy >=1.26,<2 py310h5f9d8c6_0", "numpy>=1.26,<2"),
        ("numpy!=1.26.*", "numpy!=1.26.*"),
        ("pytorch_geometric~=2.3", "torch-geometric>=2.3"),
        ("cuda-python=12", "cuda-python>=12"),
    ],
)
def test_specifications_of_conda(line: str, text: str) -> None:
    (found,) = conda.read_spec("environment.yml", line, DEPENDENCIES)
    assert isinstance(found, Entry)
    assert found.text == text
