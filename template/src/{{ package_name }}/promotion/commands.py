"""The commands that promote a version to champion."""

from typing import Annotated

from pydantic_settings import CliSuppress

from ..cli import finish
from ..commands import Evaluate
from ..settings import PROJECT, Alerts, Labeled, NotLogged, Options, Settings


class Promote(Labeled, Alerts, Options):
    """Promote a version to champion."""

    model: Annotated[str, NotLogged] = f"models:/{PROJECT}/latest"
    """Registered model: models:/name/latest or models:/name/3."""

    rollback: Annotated[bool, NotLogged] = False
    """Restore the previous champion."""

    def cli_cmd(self) -> None:
        from .promote import promote, roll_back

        finish(roll_back(self) if self.rollback else promote(self), "serve", "batch", "predict")


class Run(Evaluate, Settings):  # type: ignore[misc]  # Each copies Pydantic's constructors.
    """Train, evaluate and promote the model that was trained."""

    model: Annotated[CliSuppress[str], NotLogged] = f"models:/{PROJECT}/latest"

    def cli_cmd(self) -> None:
        from .pipeline import run

        line = ""
        for line in run(self):
            print(line, flush=True)
        if line:  # Nothing in a worker process.
            finish("", "serve", "batch", "predict")


COMMANDS = {"promote": Promote, "run": Run}
