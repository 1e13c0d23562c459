"""The program that builds and runs images: Docker where its engine answers, else podman.

Podman is made to work as root in a container of a CI service: without a bridge, cgroups or systemd.
"""

import functools
import json
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

PODMAN = {
    "CONTAINERS_CONF": str(Path(__file__).with_name("containers.conf")),
    "BUILDAH_ISOLATION": "chroot",
    "BUILDAH_FORMAT": "docker",  # The format of OCI has no health check.
}


@dataclass(frozen=True)
class Engine:
    """A command line that builds and runs images."""

    program: str
    environment: dict[str, str] = field(default_factory=dict)

    def __call__(self, *arguments: str, expect: int = 0, **facts: Any) -> str:
        """Run it and return what it prints; ``facts`` go to ``subprocess.run``."""
        done = self.attempt(*arguments, **facts)
        assert done.returncode == expect, f"{self.program} {arguments}:\n{done.stdout}{done.stderr}"
        return done.stdout

    def attempt(self, *arguments: str, **facts: Any) -> "subprocess.CompletedProcess[str]":
        """Run it, whatever comes of it."""
        return subprocess.run(
            [self.program, *arguments],
            env=os.environ | self.environment,
            capture_output=True,
            encoding="utf-8",
            check=False,
            **facts,
        )

    def has(self, image: str) -> bool:
        return self.attempt("image", "inspect", image).returncode == 0

    def inspect(self, image: str) -> Any:
        (found,) = json.loads(self("image", "inspect", image))
        return found


@functools.cache
def find() -> Engine:
    """Find the engine of this machine."""
    if shutil.which("docker") and Engine("docker").attempt("info").returncode == 0:
        return Engine("docker")
    return podman()


def podman(**environment: str) -> Engine:
    """Name podman, with variables of its own."""
    if not (shutil.which("podman") and shutil.which("runc")):
        pytest.fail("needs a container engine: Docker that answers, or podman and runc ('.ci/run')")
    return Engine("podman", PODMAN | environment)
