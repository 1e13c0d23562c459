"""Write an evaluation as an HTML page, whenever ``evaluate`` runs."""

from pathlib import Path
from typing import Any

COMMANDS: dict[str, str] = {}


def evaluation_report(*evaluation: Any) -> list[Path]:
    """Write ``evaluation.html``, and return its path."""
    from . import evaluated

    return evaluated.write(*evaluation)
