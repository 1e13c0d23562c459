"""What must not be in a committed file of this repository."""

import re
from pathlib import Path

import pytest
from conftest import ROOT, git

HOSTS = re.compile(
    r"(?:py" r"pi\.org|python" r"hosted\.org|registry\.npm" r"js|deb\.deb" r"ian\.org)"
)
"""Hosts of package registries. The index is an owner's answer, so no file names one."""


def committed() -> list[Path]:
    listed = git("ls-files", "-z", "--cached", "--others", "--exclude-standard", folder=ROOT)
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


@pytest.mark.parametrize("path", committed(), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_registry_is_named_by_its_host(path: Path) -> None:
    assert not HOSTS.search(path.read_bytes().decode("utf-8", errors="replace"))  # Pictures, too.
