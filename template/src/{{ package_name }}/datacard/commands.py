"""The command ``card``."""

from pathlib import Path
from typing import Annotated

from ..settings import Labeled, NotLogged, Options


class Card(Labeled, Options):
    """Write a data card."""

    card_path: Annotated[Path, NotLogged] = Path("reports/data-card.md")
    """File to write: HTML if its name ends in .html, else Markdown."""

    def cli_cmd(self) -> None:
        from .card import write

        print(f"wrote {write(self)}")


COMMANDS = {"card": Card}
