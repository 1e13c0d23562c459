"""Command line: one subcommand a verb. A mistake of its user ends with one line."""

import logging
import re
import sys
from typing import NoReturn

from pydantic import BaseModel, ValidationError
from pydantic_settings import CliApp, CliSubCommand, SettingsConfigDict, SettingsError

from . import verbs
from .settings import Settings
from .sources import nearest
from .verbs import COMMAND


class Cli(BaseModel):
    """Train, judge and use a model of handwritten digits."""

    model_config = SettingsConfigDict(cli_prog_name=COMMAND, cli_use_class_docs_for_groups=True)

    data: CliSubCommand[verbs.Data]
    train: CliSubCommand[verbs.Train]
    evaluate: CliSubCommand[verbs.Evaluate]
    promote: CliSubCommand[verbs.Promote]
    run: CliSubCommand[verbs.Run]
    predict: CliSubCommand[verbs.Predict]
    serve: CliSubCommand[verbs.Serve]
    export: CliSubCommand[verbs.Export]
    explain: CliSubCommand[verbs.Explain]
    tune: CliSubCommand[verbs.Tune]
    settings: CliSubCommand[verbs.ShowSettings]
    doctor: CliSubCommand[verbs.Doctor]
    environment: CliSubCommand[verbs.ShowEnvironment]

    def cli_cmd(self) -> None:
        CliApp.run_subcommand(self)


def main() -> None:
    """Run the command line. A user's mistake ends with one line: exit code 1, or 2 for usage."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        CliApp.run(Cli, cli_exit_on_error=False)
    except SettingsError as error:
        _stop(_explain_usage(str(error)), code=2)
    except ValidationError as error:
        _stop("; ".join(str(problem["ctx"]["error"]) for problem in error.errors()))
    except ModuleNotFoundError as error:
        _stop(f"{error.name} is not installed here; install it with 'uv run just sync'")
    except (ValueError, OSError) as error:
        _stop(str(error))
    except KeyboardInterrupt:
        _stop("stopped", code=130)


def _stop(message: str, code: int = 1) -> NoReturn:
    print(f"{COMMAND}: {message}", file=sys.stderr)
    raise SystemExit(code)


def _explain_usage(message: str) -> str:
    if unknown := re.search(r"unrecognized arguments: --(\S+)", message):
        flags = ["--" + name.replace("_", "-") for name in Settings.model_fields]
        return f"there is no --{unknown[1]}; {nearest(f'--{unknown[1]}', flags)}"
    return message
