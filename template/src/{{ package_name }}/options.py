"""Options of a command: parsed from the command line, and described for its help."""

import textwrap
from argparse import SUPPRESS
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel, SecretStr, create_model
from pydantic_core import PydanticUndefined
from pydantic_settings import CliApp, CliSubCommand, SettingsConfigDict, SettingsError

KINDS = {Path: "PATH", int: "INTEGER", float: "NUMBER", SecretStr: "SECRET", dict: "NAME=VALUE"}
"""Placeholder of a value in help texts, by the type of its field; other types are TEXT."""


class UsageError(Exception):
    """The command line cannot be parsed."""


class _Root(BaseModel):
    """Parent of the command, so that options override all other sources."""

    model_config = SettingsConfigDict(cli_kebab_case=True)

    def cli_cmd(self) -> None:
        """Do nothing: the caller runs the command."""


def parse(command: type[Any], arguments: list[str]) -> Any:
    """Build a command from its options.

    Raises:
        UsageError: If an option is unknown, or has no value.
        UserError: If a value is invalid, whatever its source.
    """
    field: Any = CliSubCommand[command]  # type: ignore[misc, valid-type]
    root: Any = create_model("Root", __base__=_Root, command=(field, ...))
    app: Any = CliApp
    try:
        return app.run(root, ["command", *arguments], cli_exit_on_error=False).command
    except SettingsError as error:
        raise UsageError(str(error).removeprefix("error parsing CLI: ")) from None


def describe(command: type[Any]) -> str:
    """List the options of a command, grouped by the class that declares them."""
    lines = []
    fields = {name: it for name, it in command.model_fields.items() if SUPPRESS not in it.metadata}
    for owner in command.__mro__:
        own = [name for name in vars(owner).get("__annotations__", {}) if name in fields]
        title = "Options" if owner is command else str(owner.__doc__).partition("\n")[0].rstrip(".")
        lines += ["", f"{title}:"] if own else []
        for name in own:
            field = fields.pop(name)
            flag = name.upper() if "_CliPositionalArg" in field.metadata else written(name)
            lines.append(f"  {flag} {_kind(field.annotation)}".rstrip())
            text = f"{field.description or ''} {_default(field.default)}"
            lines.append(textwrap.indent(textwrap.fill(text.strip(), 92), "      "))
    return "\n".join(lines)


def written(name: str) -> str:
    """Return the option of a setting."""
    return f"--{name.replace('_', '-')}"


def _kind(annotation: Any) -> str:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return "|".join(map(str, arguments))
    if origin in {Annotated, list}:
        return _kind(arguments[0])
    if NoneType in arguments:  # Optional
        return _kind(next(one for one in arguments if one is not NoneType))
    return "" if annotation is bool else KINDS.get(origin or annotation, "TEXT")


def _default(value: Any) -> str:
    is_shown = value and value is not PydanticUndefined
    return f"(default: {value})" if is_shown or value == 0 else ""
