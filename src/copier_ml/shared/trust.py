"""Whether a template may run code."""

import re
from pathlib import Path

from . import source


def is_trusted(url: str) -> bool:
    """Check whether a template is trusted: copier-ml came from it, or Copier's settings name it.

    Args:
        url: The URL to clone (``source.clone_url``), not the address in the project.
    """
    from copier._settings import SettingsModel, is_trusted_repository

    try:
        installed = _plain(source.clone_url(source.installed().address, Path.cwd()))
    except ValueError:
        installed = ""
    return installed == _plain(url) or is_trusted_repository(SettingsModel.from_file().trust, url)


def _plain(url: str) -> str:
    """Normalize a URL as uv does where it records the source of copier-ml."""
    if found := re.fullmatch(r"([\w.-]+@[\w.-]+):/*(.+)", url):
        url = f"ssh://{found[1]}/{found[2]}"
    return url.rstrip("/").removesuffix(".git")
