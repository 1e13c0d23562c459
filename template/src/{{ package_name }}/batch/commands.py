"""The command that predicts folders."""

from typing import Annotated

from pydantic import Field

from ..settings import NotLogged, Options, UsesModel


class Batch(UsesModel, Options):
    """Predict each file of a folder."""

    input_folder: Annotated[str, NotLogged] = "data/input"
    """Folder of Parquet or CSV files of rows: a path, or an address s3://, gs:// or abfs://."""

    output_folder: Annotated[str, NotLogged] = "data/predictions"
    """Folder for the predictions, one Parquet file per input file: a path or an address."""

    chunk_rows: Annotated[int, NotLogged] = Field(default=65_536, ge=1, le=1_000_000)
    """Rows in memory at the same time."""

    overwrite: Annotated[bool, NotLogged] = False
    """Predict all files again, also those that are up to date."""

    def cli_cmd(self) -> None:
        from .batch import predict_folder

        print(f"wrote {predict_folder(self)}")


COMMANDS = {"batch": Batch}
