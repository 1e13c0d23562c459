"""Platform, Python, C library, lock and indexes: each problem has its fix."""

import pytest
from machine_situations import LOCKED, NO_GPU, ON_CPU, SKLEARN, Situation, check, facts

from copier_ml.doctor.machine import uv
from copier_ml.doctor.machine.environment import Build, Device

SITUATIONS: dict[str, Situation] = {
    "no lock": (facts(locked=None), "problem", "uv.lock is missing: run 'uv lock'"),
    "no project, as in a container": (
        facts(has_pyproject=False, locked=None, lock_check=None, index=None),
        "",
        "",
    ),
    "no uv": (facts(lock_check=None, index=None), "note", "uv is not on PATH: install uv"),
    "project that is not trusted": (
        facts(is_trusted=False, build=None, devices=(), lock_check=None, index=None),
        "note",
        "not checked, as that runs the project's code: pass --trust",
    ),
    "project that is not installed": (
        facts(python="", build=None, devices=()),
        "note",
        "the project is not installed: run 'uv run just sync'",
    ),
    "lock that does not match": (
        facts(lock_check=uv.STALE_LOCK),
        "problem",
        "uv.lock does not match pyproject.toml: run 'uv lock' and commit it",
    ),
    "lock that uv cannot check": (
        facts(lock_check="uv cannot check uv.lock: No solution found"),
        "note",
        "uv cannot check uv.lock: No solution found",
    ),
    "file with conflict markers": (
        facts(unreadable={"uv.lock": "Invalid statement (at line 1, column 1)"}, locked=None),
        "problem",
        "(Invalid statement (at line 1, column 1)): resolve its merge conflict, or restore",
    ),
    "lock without the build": (
        facts(locked=LOCKED[:2]),
        "problem",
        "torch 2.15.0, 2.15.0+cpu, it has no build cu130: run 'uv lock' and 'uv run just sync'",
    ),
    "lock of another version": (
        facts(locked=("2.14.1", "2.14.1+cpu", "2.14.1+cu130")),
        "note",
        "2.15.0+cu130 is installed: run 'uv run just sync'",
    ),
    "Python too old": (
        facts(python="3.10.4"),
        "problem",
        "3.10.4, the lock serves 3.11 to 3.14",
    ),
    "Python too new": (facts(python="3.15.0rc1"), "problem", "'uv python pin 3.14'"),
    "C library too old": (
        facts({"libc": "glibc 2.17"}),
        "problem",
        "glibc 2.17, the wheels need glibc 2.28",
    ),
    "C library without wheels": (facts({"libc": "musl"}), "problem", "musl, the wheels need glibc"),
    "platform that is not served": (
        facts(
            NO_GPU | {"system": "darwin", "processor": "x86_64", "libc": ""},
            build=ON_CPU,
            devices=(),
        ),
        "problem",
        "darwin x86_64, the lock serves darwin arm64, linux aarch64",
    ),
    "Mac with its own GPU": (
        facts(
            NO_GPU | {"system": "darwin", "processor": "arm64", "libc": ""},
            build=ON_CPU,
            devices=(Device(0, "MPS device", "mps", "", 0),),
        ),
        "note",
        "models train on the CPU",
    ),
    "index wants a password": (
        facts(index="Failed to fetch: https://example.org/simple/tqdm/ 401 Unauthorized"),
        "problem",
        "give uv a user name and a password: UV_INDEX_<NAME>_USERNAME and",
    ),
    "index forbids": (facts(index="An index returned a 403 Forbidden error"), "problem", "netrc"),
    "index is elsewhere": (facts(index="404 Not Found"), "problem", "correct its address"),
    "index is down": (facts(index="tcp connect error"), "problem", "try again"),
    "index has no name": (facts(index="dns error: failed to lookup"), "problem", "name service"),
    "project without an accelerator": (
        facts(
            NO_GPU,
            needs=SKLEARN,
            build=Build("scikit-learn", "1.9.1", ""),
            devices=(),
        ),
        "note",
        "models train on the CPU",
    ),
}


@pytest.mark.parametrize("name", SITUATIONS)
def test_a_situation_has_its_verdict_and_its_fix(name: str) -> None:
    check(SITUATIONS[name])
