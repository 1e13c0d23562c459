"""Whether a template may run its code here."""

from . import source


def is_trusted(address: str) -> bool:
    """Tell whether the user trusts a template without being asked.

    They do if they run the copier-ml that came from it, or if Copier's settings name it.
    """
    from copier._settings import SettingsModel, is_trusted_repository
    from copier._vcs import get_repo

    url = get_repo(address) or address
    try:
        installed = source.installed().address
    except ValueError:
        installed = ""
    return url == (get_repo(installed) or installed) or is_trusted_repository(
        SettingsModel.from_file().trust, url
    )
