"""The commands that choose the champion."""

from typing import Annotated

from pydantic_settings import CliSuppress

from ..commands import Evaluate
from ..settings import PROJECT, Alerts, Labeled, NotLogged, Options, Settings


class Promote(Labeled, Alerts, Options):
    """Make a version the champion."""

    model: Annotated[str, NotLogged] = f"models:/{PROJECT}/latest"
    """Registered model: models:/name/latest or models:/name/3."""

    rollback: Annotated[bool, NotLogged] = False
    """Make the champion before this one the champion again."""

    def cli_cmd(self) -> None:
        from .promote import promote, roll_back

        print(roll_back(self) if self.rollback else promote(self))


class Run(Evaluate, Settings):  # type: ignore[misc]  # Each copies Pydantic's constructors.
    """Train, evaluate and promote the model that was trained."""

    model: Annotated[CliSuppress[str], NotLogged] = f"models:/{PROJECT}/latest"

    def cli_cmd(self) -> None:
        from .pipeline import run

        for line in run(self):
            print(line, flush=True)


COMMANDS = {"promote": Promote, "run": Run}
