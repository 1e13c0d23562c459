"""The command for batch predictions."""

from typing import Annotated

from pydantic import Field

from ..cli import finish
from ..settings import NotLogged, Options, UsesModel


class Batch(UsesModel, Options):
    """Predict each file of a folder."""

    input_folder: Annotated[str, NotLogged] = "data/input"
    """Folder of Parquet, CSV or JSON lines files: a path, or an s3://, gs:// or abfs:// address."""

    output_folder: Annotated[str, NotLogged] = "data/predictions"
    """Folder for the predictions, one Parquet file per input file: a path or an address."""

    chunk_rows: Annotated[int, NotLogged] = Field(default=65_536, ge=1, le=1_000_000)
    """Rows per chunk, which limits memory."""

    overwrite: Annotated[bool, NotLogged] = False
    """Predict all files again, even those that are up to date."""

    def cli_cmd(self) -> None:
        from .batch import predict_folder

        finish(f"wrote {predict_folder(self)}", "explain", "evaluate")


COMMANDS = {"batch": Batch}
