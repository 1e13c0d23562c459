"""The commands of the core: their settings, and what they print.

What a command does is in a module of its own, imported late, so that ``--help`` is fast.
"""

import json
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr

from . import parts
from .settings import (
    Alerts,
    Labeled,
    NotLogged,
    Options,
    Settings,
    UsesModel,
    masked,
)


class Data(Labeled, Options):
    """Write the example data."""

    def cli_cmd(self) -> None:
        from . import data

        print(f"wrote {data.make(self.data_path)}")


class ImportData(Options):
    """Import a table; ``copier-ml import-data`` does it, and has the options."""


class Train(Settings):
    """Fit a model and register it."""

    def cli_cmd(self) -> None:
        from . import metrics
        from .train import train

        if trained := train(self):
            uri, scores = trained
            print(f"registered {uri}: {metrics.text(scores)}")


class Evaluate(UsesModel, Labeled, Alerts, Options):
    """Evaluation."""

    thresholds: Annotated[dict[str, float], NotLogged] = {}
    """Minimum of each metric, or its maximum if it is an error."""

    gains: Annotated[dict[str, float], NotLogged] = {}
    """Minimum gain of each metric over the champion; below 0 allows a loss."""

    reports_path: Annotated[Path, NotLogged] = Path("reports")
    """Folder for the report."""

    def cli_cmd(self) -> None:
        from .evaluate import evaluate

        print(evaluate(self))


class Predict(UsesModel, Options):
    """Predict each row of a file."""

    input_path: Annotated[Path, NotLogged] = Path("data/train.parquet")
    """Rows to predict, Parquet or CSV; a target column is ignored."""

    output_path: Annotated[Path, NotLogged] = Path("data/predictions.parquet")
    """File for the class and the probabilities of each row, Parquet."""

    chunk_rows: Annotated[int, NotLogged] = Field(default=65_536, ge=1, le=1_000_000)
    """Rows in memory at the same time."""

    def cli_cmd(self) -> None:
        from .predict import predict

        print(f"wrote {predict(self)}")


class ShowSettings(Options):
    """Print the settings in effect."""

    def cli_cmd(self) -> None:
        table: dict[str, dict[str, list[str]]] = {}
        for command in parts.summaries():
            found = parts.command(command)
            if any(field.is_required() for field in found.model_fields.values()):
                continue
            values = found(config=self.config)
            for name in found.model_fields.keys() - {"origins"}:
                raw = getattr(values, name)
                shown = raw if isinstance(raw, SecretStr) else masked(str(raw))
                place = values.origins.get(name, "default")
                line = f"{name} = {shown}  ({place})"
                table.setdefault(name, {}).setdefault(line, []).append(command)
        for _, lines in sorted(table.items()):
            for line, commands in lines.items():
                print(line + (f" for {', '.join(commands)}" if len(lines) > 1 else ""))


class ShowEnvironment(Options):
    """Print the environment."""

    def cli_cmd(self) -> None:
        from . import environment

        here = environment.read()
        print(json.dumps(here | {"fingerprint": environment.fingerprint(here)}, indent=2))


COMMANDS = {
    "data": Data,
    "import-data": ImportData,
    "train": Train,
    "evaluate": Evaluate,
    "predict": Predict,
    "settings": ShowSettings,
    "environment": ShowEnvironment,
}
