"""Where settings come from besides the command line, and the refusal of names that are none."""

import difflib
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

PLACES = {
    "InitSettingsSource": "command line",
    "EnvSettingsSource": "environment",
    "EnvFile": ".env",
}
"""Readable name of each source, the strongest first."""


def masked(text: str) -> str:
    """Hide the passwords of addresses, such as a database's."""
    return re.sub(r"://([^:/@\s]*):[^@\s]*@", r"://\1:**********@", text)


def nearest(name: str, known: Iterable[str]) -> str:
    """Say which known name was probably meant, or that there is none like it."""
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"did you mean {close[0]!r}?" if close else f"known are {', '.join(sorted(known))}"


class Source(PydanticBaseSettingsSource):
    """A source that gives its values all at once, not field by field."""

    def get_field_value(
        self,
        field: FieldInfo,  # noqa: ARG002  (a hook's signature)
        field_name: str,
    ) -> tuple[Any, str, bool]:
        """Give nothing: ``__call__`` gives everything."""
        return None, field_name, False


class EnvFile(Source):
    """Values of ``.env``; other programs' variables in it are none of our business."""

    def __init__(self, dotenv: PydanticBaseSettingsSource) -> None:
        super().__init__(dotenv.settings_cls)
        self.dotenv = dotenv

    def __call__(self) -> dict[str, Any]:
        """Read the file; a name with our prefix that is no setting stays in, to be refused."""
        prefix = str(self.config["env_prefix"]).lower()
        found = self.dotenv()
        known = self.settings_cls.model_fields
        ours = {name: found[name] for name in found if name in known or name.startswith(prefix)}
        return {name.removeprefix(prefix): value for name, value in ours.items()}


class ConfigFiles(Source):
    """Values of the YAML files that ``config`` names."""

    def __init__(self, settings_cls: type[BaseSettings]) -> None:
        super().__init__(settings_cls)
        self.paths: dict[str, Path] = {}

    def __call__(self) -> dict[str, Any]:
        """Read the files in order; a later one wins."""
        values: dict[str, Any] = {}
        for path in map(Path, self.current_state.get("config", [])):
            found = _read_mapping(path)
            values |= found
            self.paths |= dict.fromkeys(found, path)
        return values


class Origins(Source):
    """The last source: it adds no value but remembers where each came from."""

    def __init__(self, settings_cls: type[BaseSettings], files: ConfigFiles) -> None:
        super().__init__(settings_cls)
        self.files = files

    def __call__(self) -> dict[str, Any]:
        """Note the strongest place of each value.

        Raises:
            ValueError: If a place names a setting that does not exist.
        """
        origins = {name: str(path) for name, path in self.files.paths.items()}
        for source, place in reversed(PLACES.items()):
            origins |= dict.fromkeys(self.settings_sources_data.get(source, {}), place)
        known = self.settings_cls.model_fields.keys() - {"origins"}
        for name, place in [*origins.items(), *self._variables()]:
            if name not in known:
                raise ValueError(f"{name!r} ({place}) is not a setting; {nearest(name, known)}")
        return {"origins": origins}

    def _variables(self) -> list[tuple[str, str]]:
        """List the variables with our prefix: pydantic passes over those that name no setting."""
        prefix = str(self.config["env_prefix"]).lower()
        found = [variable for variable in os.environ if variable.lower().startswith(prefix)]
        return [(variable.lower().removeprefix(prefix), variable) for variable in found]


def _read_mapping(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise ValueError(f"config file {path} does not exist")
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except yaml.YAMLError as error:
        reason = " ".join(str(error).split())
        raise ValueError(f"config file {path} is not YAML: {reason}") from None
    if not isinstance(found, dict):
        raise ValueError(f"config file {path} holds no settings: write lines such as 'seed: 1'")
    return found
