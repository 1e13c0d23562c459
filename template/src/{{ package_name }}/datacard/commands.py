"""The command ``card``."""

from pathlib import Path
from typing import Annotated

from ..cli import finish
from ..settings import Labeled, NotLogged, Options


class Card(Labeled, Options):
    """Write a data card."""

    card_path: Annotated[Path, NotLogged] = Path("reports/data-card.md")
    """File to write: HTML if its name ends in .html, else Markdown."""

    def cli_cmd(self) -> None:
        from .card import write

        finish(f"wrote {write(self)}", "train")


COMMANDS = {"card": Card}
