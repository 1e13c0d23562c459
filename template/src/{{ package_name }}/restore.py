"""Bring back the environment that a registered model was made with."""

from pathlib import Path

from . import provenance, tracking
from .environment import Environment
from .settings import Settings

FOLDER = Path("environments")


def restore(uri: str, settings: Settings) -> str:
    """Write the lock of a model's training into a folder of its own.

    Returns:
        What was written, and the commands that install it, a line each.

    Raises:
        ValueError: If there is no such model, or its run kept no lock.
    """
    with tracking.connection(settings):
        made_with = provenance.find(uri)
        folder = FOLDER / uri.removeprefix("models:/").replace("/", "-").replace("@", "-")
        written = provenance.restore(uri, folder)
    return "\n".join([f"wrote {', '.join(map(str, written))}", *_commands(folder, made_with)])


def _commands(folder: Path, made_with: Environment) -> list[str]:
    """Write the commands that install the packages, and beside them the project as it is here."""
    extra = f" --extra {made_with.extra}" if made_with.extra else ""
    return [
        f"uv sync --project {folder} --locked --no-install-project --no-dev{extra}",
        f"uv pip install --python {folder / '.venv'} --no-deps --editable .",
    ]
