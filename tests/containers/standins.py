"""Images that renders name, pulled; or made of Debian's packages where no registry answers.

A stand-in has the name and the Python of the image that it stands for, and is larger than it. So
sizes are compared with its own, never with those of the genuine one.
"""

import fcntl
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import engine
import pytest
from owner import find_uv

WORK = Path(tempfile.gettempdir()) / "copier-ml-images"
PYTHON = re.compile(r"docker\.io/library/python:(3\.\d+)\.\d+-slim-\w+")
UV = re.compile(r"ghcr\.io/astral-sh/uv:([\d.]+)")
SUITES = {"3.11": "bookworm", "3.13": "trixie"}
"""Release of Debian that has a Python of this minor version."""

CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")


def provide(image: str) -> None:
    """Have an image in the engine's store, once and for all processes."""
    WORK.mkdir(exist_ok=True)
    with (WORK / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        run = engine.find()
        if run.has(image) or run.attempt("pull", "--quiet", image).returncode == 0:
            return
        known = [(make, found[1]) for p, make in MADE.items() if (found := p.fullmatch(image))]
        if not known:
            pytest.fail(f"needs the image {image}: no registry answers, and nothing stands in")
        ((make, version),) = known
        make(image, version)


def provide_all(dockerfile: Path) -> list[str]:
    """Have every image that a Dockerfile builds upon, and name them."""
    named: list[str] = re.findall(
        r"^FROM (\S+[.]\S+)", dockerfile.read_text(encoding="utf-8"), re.M
    )
    for image in named:
        provide(image)
    return named


def debian(suite: str, *packages: str) -> Path:
    """Make the files of a small Debian with some packages; it trusts what this machine trusts."""
    root = WORK / "-".join([suite, *packages])
    done = root.with_suffix(".done")
    if done.exists():
        return root
    if not shutil.which("debootstrap"):
        pytest.fail("needs debootstrap, since no registry of containers answers ('.ci/run')")
    shutil.rmtree(root, ignore_errors=True)
    chosen = f"--include={','.join(['ca-certificates', *packages])}"
    log = root.with_suffix(".log")
    with log.open("wb") as told:
        made = ["debootstrap", "--variant=minbase", chosen, suite, str(root)]
        if subprocess.run(made, stdout=told, stderr=told, check=False).returncode:
            pytest.fail(f"needs a mirror of Debian: {log.read_text()[-300:]}")
    shutil.copy(CERTIFICATES, root / CERTIFICATES.relative_to("/"))
    for place in ("var/cache/apt/archives", "var/lib/apt/lists", "usr/share/doc", "usr/share/man"):
        shutil.rmtree(root / place, ignore_errors=True)
    (root / "var/cache/apt/archives/partial").mkdir(parents=True)
    done.touch()
    return root


def import_files(root: Path, image: str, *changes: str) -> None:
    """Make an image of one layer: all files of a folder."""
    options = [word for change in changes for word in ("--change", change)]
    with subprocess.Popen(["tar", "-C", str(root), "-c", "."], stdout=subprocess.PIPE) as tar:
        engine.find()("import", *options, "-", image, stdin=tar.stdout)


def _make_python(image: str, minor: str) -> None:
    if minor not in SUITES:
        pytest.fail(f"needs {image}: no registry answers, and no Debian has Python {minor}")
    root = debian(SUITES[minor], "python3", "python3-venv")
    for name in ("python", "python3", f"python{minor}"):
        link = root / "usr/local/bin" / name
        link.unlink(missing_ok=True)
        link.symlink_to(f"/usr/bin/python{minor}")
    path = "PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"
    import_files(root, image, f"ENV {path}", "CMD python3")


def _make_uv(image: str, version: str) -> None:
    root = WORK / f"uv-{version}"
    wheel = [find_uv(), "pip", "install", "--quiet", "--no-config", f"uv=={version}"]
    where = ["--python", sys.executable, "--target", str(WORK / "uv-wheel")]
    subprocess.run([*wheel, *where], check=True)
    root.mkdir(exist_ok=True)
    for name in ("uv", "uvx"):
        shutil.copy(WORK / "uv-wheel" / "bin" / name, root / name)
    import_files(root, image)


MADE: dict[re.Pattern[str], Callable[[str, str], None]] = {PYTHON: _make_python, UV: _make_uv}
