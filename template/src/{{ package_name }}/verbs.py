"""The verbs: the options that only one has, and what it prints.

What a verb does is in a module of its own, which is imported late, so that ``--help`` is fast.
"""

import gc
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field, SecretStr
from pydantic_settings import (
    CliApp,
    CliImplicitFlag,
    CliPositionalArg,
    CliSubCommand,
    get_subcommand,
)

from .settings import PROJECT, NotLogged, Settings
from .sources import masked

COMMAND = PROJECT.replace("_", "-")


class Data(Settings):
    """Write the digits that scikit-learn ships to the data path, or a card of what is there."""

    card: Annotated[Path | None, NotLogged] = None
    """Markdown page to write instead: what the rows must look like, and what they do look like."""

    def cli_cmd(self) -> None:
        from . import data, datacard

        path = datacard.write(self.card, self.data_path) if self.card else data.make(self.data_path)
        print(f"wrote {path}")


class Train(Settings):
    """Fit a model, score it on held-out rows, and register it."""

    def cli_cmd(self) -> None:
        from . import metrics
        from .train import train

        uri, scores = train(self)
        if uri:
            print(f"registered {uri}: {metrics.text(scores)}")


class Evaluate(Settings):
    """Score a registered model on the rows it was not trained on; fail below a threshold."""

    def cli_cmd(self) -> None:
        from .evaluate import evaluate

        print(evaluate(self))


class Run(Settings):
    """Read the rows, train, evaluate and promote; skip what would come out the same."""

    def cli_cmd(self) -> None:
        from .pipeline import run

        print(run(self))


class Promote(Settings):
    """Make a version that passed 'evaluate' the champion, or go back to the one before."""

    rollback: CliImplicitFlag[bool] = False
    """Make the champion before this one the champion again."""

    def cli_cmd(self) -> None:
        from .promote import promote, roll_back

        print(roll_back(self) if self.rollback else promote(self))


class Predict(Settings):
    """Predict the class of each row of a file, or of a folder of files; go on where it stopped."""

    overwrite: Annotated[CliImplicitFlag[bool], NotLogged] = False
    """Predict the files of a folder again whose predictions are there already."""

    def cli_cmd(self) -> None:
        from .predict import predict

        print(f"wrote {predict(self, overwrite=self.overwrite)}")


class OfChampion(Settings):
    """Settings of a verb that takes the champion, unless it is told another model."""

    model: Annotated[str, NotLogged] = f"models:/{PROJECT}@champion"
    """Registered model; to serve, also a folder with one."""


class Serve(OfChampion):
    """Answer predictions over HTTP, until it is stopped."""

    def cli_cmd(self) -> None:
        gc.disable()  # What is imported is no garbage: to look for some takes a fifth of the start.
        from .serve import serve

        serve(self)


class Export(OfChampion):
    """Write a registered model into a folder, from which it serves without the tracking store."""

    export_path: Annotated[Path, NotLogged] = Path("export/model")
    """Folder to write; a model that is there is replaced."""

    def cli_cmd(self) -> None:
        from .export import export

        print(f"wrote {export(self, self.export_path)} into {self.export_path}")


class Explain(Settings):
    """Share out predictions among the features that decided them."""

    def cli_cmd(self) -> None:
        from .explain import explain

        print(explain(self))


class Tune(Settings):
    """Search hyperparameters, alone or with others, and write the best settings."""

    def cli_cmd(self) -> None:
        from .tune import tune

        print(f"{tune(self)}; next: {COMMAND} train --config {self.tuned_path}")


class ShowSettings(Settings):
    """Print the settings in force and where each came from."""

    def cli_cmd(self) -> None:
        for name in sorted(type(self).model_fields.keys() - {"origins"}):
            shown = raw if isinstance(raw := getattr(self, name), SecretStr) else masked(str(raw))
            print(f"{name} = {shown}  ({self.origins.get(name, 'default')})")


class Diff(Settings):
    """Compare two environments: of a model (models:/...), a run (runs:/...), or a file."""

    one: CliPositionalArg[str]
    other: CliPositionalArg[str]

    def cli_cmd(self) -> None:
        from . import environment, provenance, tracking

        with tracking.connection(self):
            found = environment.differences(*map(provenance.find, (self.one, self.other)))
        print("\n".join(found) or "the same")


class Restore(Settings):
    """Write the lock that a model was made with, and say how to install it."""

    uri: CliPositionalArg[str]

    def cli_cmd(self) -> None:
        from .restore import restore

        print(restore(self.uri, self))


class ShowEnvironment(BaseModel):
    """Print what a training here would record about packages, Python, system and CUDA."""

    diff: CliSubCommand[Diff]
    restore: CliSubCommand[Restore]

    def cli_cmd(self) -> None:
        from . import environment

        if get_subcommand(self, is_required=False) is None:
            print(environment.read().to_json())
        else:
            CliApp.run_subcommand(self)


class Doctor(BaseModel, use_attribute_docstrings=True):
    """Look at the machine, the build, the lock and the indexes; say what to do if one is wrong."""

    as_json: CliImplicitFlag[bool] = Field(default=False, alias="json")
    """Print the report as JSON."""

    def cli_cmd(self) -> None:
        from .doctor import report

        text, has_problem = report(as_json=self.as_json)
        print(text)
        if has_problem:
            raise SystemExit(1)
