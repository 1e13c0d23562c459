"""A disk that is soon full."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest


def small_disk(folder: Path, size: str = "1m") -> list[str]:
    """Begin a command that sees a disk of a size in a folder; it is gone when the command ends."""
    folder.mkdir()
    owner = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    mount = f'mount -t tmpfs -o size={size} tmpfs "$0" && exec "$@"'
    within = ["unshare", *owner, "--mount", "sh", "-c", mount, str(folder)]
    if not shutil.which("unshare") or subprocess.run([*within, "true"], check=False).returncode:
        pytest.fail("needs to mount a small disk: unshare, and root or user namespaces")
    return within
