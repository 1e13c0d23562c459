"""The commands of the core: their settings and output.

Each imports its module late, so that ``--help`` is fast.
"""

import json
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr

from . import parts
from .cli import finish
from .settings import PROJECT, Alerts, Labeled, NotLogged, Options, Settings, UsesModel, masked


class Data(Labeled, Options):
    """Write the example data."""

    def cli_cmd(self) -> None:
        from . import data

        finish(f"wrote {data.make(self.data_path)}", "train")


class ImportData(Options):
    """Import a table; ``copier-ml import-data`` has the options."""


class Train(Settings):
    """Train and register a model."""

    def cli_cmd(self) -> None:
        from . import metrics
        from .train import train

        if trained := train(self):
            uri, scores = trained
            finish(f"registered {uri}: {metrics.text(scores)}", "evaluate")


class Evaluate(UsesModel, Labeled, Alerts, Options):
    """Evaluation."""

    model: Annotated[str, NotLogged] = f"models:/{PROJECT}/latest"
    """Registered model: models:/name/latest, models:/name/3 or models:/name@champion."""

    thresholds: Annotated[dict[str, float], NotLogged] = {}
    """Threshold of each metric: its minimum, or the maximum of an error."""

    gains: Annotated[dict[str, float], NotLogged] = {}
    """Minimum gain of each metric over the champion; a negative value allows a drop."""

    reports_path: Annotated[Path, NotLogged] = Path("reports")
    """Folder for the report."""

    def cli_cmd(self) -> None:
        from .evaluate import evaluate

        finish(evaluate(self), "promote", "predict")


class Predict(UsesModel, Options):
    """Predict each row of a file."""

    input_path: Annotated[Path, NotLogged] = Path("data/train.parquet")
    """Rows to predict, Parquet, CSV or JSON lines; a target column is ignored."""

    output_path: Annotated[Path, NotLogged] = Path("data/predictions.parquet")
    """Parquet file for the class and class probabilities of each row."""

    chunk_rows: Annotated[int, NotLogged] = Field(default=65_536, ge=1, le=1_000_000)
    """Rows per chunk, which limits memory."""

    def cli_cmd(self) -> None:
        from .predict import predict

        finish(f"wrote {predict(self)}", "explain", "serve")


class ShowSettings(Options):
    """Print the settings in effect."""

    loading = ""

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

    loading = ""

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
