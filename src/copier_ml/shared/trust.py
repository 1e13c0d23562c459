"""Whether a template may run its code here."""

import re
from pathlib import Path

from . import source


def is_trusted(url: str) -> bool:
    """Tell whether the user trusts a template without being asked.

    They do if they run the copier-ml that came from it, or if Copier's settings name it.

    Args:
        url: What is cloned (``source.clone_url``), whatever the project calls it.
    """
    from copier._settings import SettingsModel, is_trusted_repository

    try:
        installed = _plain(source.clone_url(source.installed().address, Path.cwd()))
    except ValueError:
        installed = ""
    return installed == _plain(url) or is_trusted_repository(SettingsModel.from_file().trust, url)


def _plain(url: str) -> str:
    """Spell a URL as uv does, which notes where it installed copier-ml from."""
    if found := re.fullmatch(r"([\w.-]+@[\w.-]+):/*(.+)", url):
        url = f"ssh://{found[1]}/{found[2]}"
    return url.rstrip("/").removesuffix(".git")
