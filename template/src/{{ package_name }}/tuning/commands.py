"""The command ``tune``."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, PositiveInt

from ..settings import PROJECT, NotLogged, Settings


class Tune(Settings):
    """Search hyperparameters."""

    study: Annotated[str, NotLogged] = Field(default=PROJECT, min_length=1)
    """Name of the study to create or to join."""

    study_storage: Annotated[str, NotLogged] = Field(default="mlruns/study.log", min_length=1)
    """Storage of studies: a file, or the URL of a database such as
    postgresql+psycopg://host/studies. Processes with the same storage share the trials."""

    trials: Annotated[PositiveInt, NotLogged] = 20
    """Total number of trials across all workers."""

    tuned_path: Annotated[Path, NotLogged] = Path("config/tuned.yaml")
    """File for the best settings, for 'train --config'."""

    def cli_cmd(self) -> None:
        from .tune import tune

        print(f"{tune(self)}; next: train --config {self.tuned_path}")


COMMANDS = {"tune": Tune}
