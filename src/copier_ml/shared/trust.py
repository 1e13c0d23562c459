"""Whether a template may run its code here."""

import re

from . import source


def is_trusted(address: str) -> bool:
    """Tell whether the user trusts a template without being asked.

    They do if they run the copier-ml that came from it, or if Copier's settings name it.
    """
    from copier._settings import SettingsModel, is_trusted_repository
    from copier._vcs import get_repo

    try:
        installed = _plain(source.installed().address)
    except ValueError:
        installed = ""
    trusted = SettingsModel.from_file().trust
    return installed == _plain(address) or is_trusted_repository(
        trusted, get_repo(address) or address
    )


def _plain(address: str) -> str:
    """Spell an address as uv does, which notes where it installed copier-ml from."""
    from copier._vcs import get_repo

    url = (get_repo(address) or address).removeprefix("git+")
    if found := re.fullmatch(r"([\w.-]+@[\w.-]+):/*(.+)", url):
        url = f"ssh://{found[1]}/{found[2]}"
    return url.rstrip("/").removesuffix(".git")
