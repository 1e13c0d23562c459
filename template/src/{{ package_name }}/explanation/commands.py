"""The command ``explain``."""

from pathlib import Path
from typing import Annotated

from pydantic import PositiveInt

from ..cli import finish
from ..settings import Labeled, NotLogged, Options, UsesModel


class Explain(UsesModel, Labeled, Options):
    """Explain predictions."""

    input_path: Annotated[Path, NotLogged] = Path("data/train.parquet")
    """Rows to explain (Parquet or CSV); a target column is ignored."""

    explained_rows: Annotated[PositiveInt, NotLogged] = 100
    """Maximum number of rows to explain, sampled from the input."""

    reports_path: Annotated[Path, NotLogged] = Path("reports")
    """Folder for the report."""

    def cli_cmd(self) -> None:
        from .explain import explain

        finish(explain(self), "serve", "batch", "predict")


COMMANDS = {"explain": Explain}
