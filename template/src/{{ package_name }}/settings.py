"""Settings: their names, limits and help, and the sources of their values.

A command is a class with a field for each of its settings; the docstring under a field is its help.
A value comes from the command line, the environment, ``.env``, the YAML files that ``--config``
names, ``config/base.yaml``, or the default, in this order.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

import yaml
from dotenv import dotenv_values
from pydantic import (
    BaseModel,
    Field,
    FilePath,
    ModelWrapValidatorHandler,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    CliSuppress,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    YamlConfigSettingsSource,
)

from . import parts
from .cli import nearest
from .errors import UserError
from .hyperparameters import Hyperparameters

PROJECT = __package__
"""Name of the experiment and of the registered model."""

PREFIX = f"{PROJECT}_".upper()
BASE = Path("config/base.yaml")

MLFLOW_TRACKING_URI = os.environ.get("MLFLOW_TRACKING_URI", "")
"""Used where ``tracking_uri`` is not set. Read once, as MLflow changes it when it connects."""

NotLogged = Field(exclude=True)
"""Does not affect the model, so a run does not record it."""

Fraction = Annotated[float, Field(gt=0, lt=0.5)]


class SplitRule(BaseModel, use_attribute_docstrings=True, frozen=True):
    """Split of the rows."""

    seed: int = Field(default=0, ge=0, lt=2**32)
    """Random seed; the same seed and rows give the same model."""

    validation_fraction: Fraction = 0.1
    """Validation fraction: rows that score the model during training."""

    test_fraction: Fraction = 0.2
    """Test fraction: rows held out for evaluation."""

    split_by: str = ""
    """Column to split by: dates hold out the newest rows, other values keep equal ones together;
    unset, the split is random."""


class Labeled(BaseModel, use_attribute_docstrings=True, frozen=True):
    """Data."""

    data_path: Path = Path("data/train.parquet")
    """Labeled rows, Parquet or CSV."""


class UsesModel(BaseModel, use_attribute_docstrings=True, frozen=True):
    """Model."""

    model: Annotated[str, NotLogged] = f"models:/{PROJECT}"
    """Registered model: models:/name is its champion, or its latest version if it has none; also
    models:/name/3, models:/name/latest or models:/name@champion."""

    allow_environment_drift: Annotated[bool, NotLogged] = False
    """Use a model even if it was trained with other package versions or another Python."""


class Alerts(BaseModel, use_attribute_docstrings=True, frozen=True):
    """Alerts."""

    alert_webhook: Annotated[SecretStr | None, NotLogged] = None
    """URL that alerts are posted to; null turns alerts off."""


class Options(BaseSettings):
    """Settings of every command."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=".env",
        env_parse_none_str="null",
        use_attribute_docstrings=True,
        cli_avoid_json=True,
        cli_kebab_case=True,
        cli_implicit_flags=True,
        extra="ignore",  # Settings of other commands; unknown names are refused below.
        frozen=True,
    )

    loading: ClassVar[str] = "loading libraries"
    """Logged before a command imports its libraries, which takes seconds; empty for none."""

    config: Annotated[list[FilePath], NotLogged] = []
    """YAML file with settings; can be repeated, and the last file wins."""

    tracking_uri: Annotated[str, NotLogged] = "sqlite:///mlruns/mlflow.db"
    """Where MLflow keeps runs and models: a database, or the address of a server. If unset, the
    variable MLFLOW_TRACKING_URI applies, too."""

    tracking_token: Annotated[SecretStr | None, NotLogged] = None
    """Bearer token of the tracking server."""

    origins: Annotated[CliSuppress[dict[str, str]], NotLogged] = Field(default={}, repr=False)
    """Source of each value; filled in while settings are read."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003  (a hook's signature)
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Name the sources, add YAML files and MLflow's variable, and record origins last."""
        places = {"command line": init_settings, "environment": env_settings}
        places[".env"] = dotenv_settings
        files = [BASE, *map(Path, init_settings().get("config", []))]
        for path in filter(Path.is_file, reversed(files)):  # A missing one fails its field's type.
            places[str(path)] = _read(settings_cls, path)
        if MLFLOW_TRACKING_URI:
            value = InitSettingsSource(settings_cls, {"tracking_uri": MLFLOW_TRACKING_URI})
            places["MLFLOW_TRACKING_URI"] = value
        for name, source in places.items():
            vars(source)["__name__"] = name
        return *places.values(), _Origins(settings_cls)

    @model_validator(mode="wrap")
    @classmethod
    def _explain_errors(cls, values: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Report the source of each invalid value."""
        try:
            return handler(values)
        except ValidationError as error:
            raise UserError("; ".join(_explain(error, values.get("origins", {})))) from None


class Settings(Hyperparameters, SplitRule, Labeled, Options):
    """Settings of a training."""


class _Origins(PydanticBaseSettingsSource):
    """The last source, which only records where each value came from."""

    def get_field_value(self, *_: Any) -> tuple[Any, str, bool]:
        return None, "", False

    def __call__(self) -> dict[str, Any]:
        """Record the sources, and refuse names that are not a setting of any command."""
        known = parts.setting_names()
        origins: dict[str, str] = {}
        for place, values in self.settings_sources_data.items():
            found = {name.lower() for name in values}
            found &= known if place == ".env" else found  # It may hold variables of other programs.
            origins = dict.fromkeys(found, place) | origins
        variables = {*dotenv_values(".env"), *os.environ}
        ours = {one[len(PREFIX) :].lower(): one for one in variables if one.startswith(PREFIX)}
        for name, place in (ours | origins).items():
            if name not in known:
                raise UserError(f"{name!r} ({place}) is not a setting; {nearest(name, known)}")
        return {"origins": origins}


def masked(text: str) -> str:
    """Mask possible secrets in addresses: user information, and keys in the query."""
    text = re.sub(r"://[^/@\s]*@", "://**********@", text)
    keys = "auth|key|pass|secret|sig|token"
    return re.sub(rf"(?i)([?&][^=&\s]*(?:{keys})[^=&\s]*=)[^&\s]+", r"\1**********", text)


def _read(settings_cls: type[BaseSettings], path: Path) -> PydanticBaseSettingsSource:
    try:
        return YamlConfigSettingsSource(settings_cls, path)
    except (yaml.YAMLError, AttributeError) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{path} has no settings such as 'seed: 1': {reason}") from None


def _explain(error: ValidationError, origins: dict[str, str]) -> Iterator[str]:
    for problem in error.errors():
        place = origins.get(str(problem["loc"][0]), "default")
        name = ".".join(map(str, problem["loc"]))
        value = "" if "secret" in problem["type"] else f" = {problem['input']!r}"
        yield f"{name}{value} ({place}): {problem['msg']}"
