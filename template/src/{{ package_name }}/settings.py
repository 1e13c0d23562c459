"""Every knob, in one class: configuration, command line and its help.

A value is looked up on the command line, in the environment, in ``.env``, in the YAML files that
``--config`` names, and last among the defaults below. The docstring under a field is its help.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import (
    BaseModel,
    Field,
    ModelWrapValidatorHandler,
    PositiveInt,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    CliImplicitFlag,
    CliSuppress,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from .hyperparameters import Hyperparameters
from .sources import ConfigFiles, EnvFile, Origins
from .storage import Address

PROJECT = __package__
"""Name of the experiment and of the registered model."""

Share = Annotated[float, Field(ge=0, le=1)]
Gain = Annotated[float, Field(ge=-1, le=1)]
NotLogged = Field(exclude=True)
"""Says nothing about how a model came about, so a run's record leaves it out."""


class SplitRule(BaseModel, use_attribute_docstrings=True, frozen=True):
    """How rows are divided; with the rows, it says which of them a model has never seen."""

    seed: int = Field(default=0, ge=0, lt=2**32)
    """Seed of every random choice; the same seed and rows give the same model."""

    validation_fraction: float = Field(default=0.1, gt=0, lt=0.5)
    """Share of the rows that watches the training."""

    test_fraction: float = Field(default=0.2, gt=0, lt=0.5)
    """Share of the rows held out for evaluation."""


class Service(BaseModel, use_attribute_docstrings=True, frozen=True):
    """How predictions are answered over HTTP."""

    host: Annotated[str, NotLogged] = "127.0.0.1"
    """Address that 'serve' listens at; 0.0.0.0 is every address of the machine."""

    port: Annotated[int, NotLogged] = Field(default=8000, ge=1, le=65535)
    """Port that 'serve' listens at."""

    serve_token: Annotated[SecretStr | None, NotLogged] = Field(default=None, min_length=16)
    """Bearer token that 'serve' asks for; without one, anybody who reaches it may use it."""

    max_rows: Annotated[int, NotLogged] = Field(default=1000, ge=1, le=100_000)
    """Rows of one request to 'serve'."""

    max_body_bytes: Annotated[int, NotLogged] = Field(default=4 * 2**20, ge=2**10, le=2**30)
    """Size of one request to 'serve'."""

    request_timeout_s: Annotated[float, NotLogged] = Field(default=30, gt=0, le=3600)
    """Time that 'serve' gives a request, from its first byte on, and a shutdown."""

    max_concurrency: Annotated[int, NotLogged] = Field(default=2, ge=1, le=64)
    """Predictions that 'serve' computes at the same time; others wait."""

    drift_rows: Annotated[int, NotLogged] = Field(default=1000, ge=100, le=1_000_000)
    """Newest rows that 'serve' compares with those of the training."""

    drift_limit: Annotated[float, NotLogged] = Field(default=0.25, gt=0)
    """Stability index of a feature over which 'serve' sends an alert."""


class Settings(Hyperparameters, SplitRule, Service, BaseSettings):
    """Settings that every command shares."""

    model_config = SettingsConfigDict(
        env_prefix=f"{PROJECT}_".upper(),
        env_file=".env",
        use_attribute_docstrings=True,
        cli_avoid_json=True,
        cli_kebab_case=True,
        extra="forbid",
        frozen=True,
    )

    config: Annotated[list[Path], NotLogged] = []
    """YAML files with settings; may be given several times, and the later file wins."""

    data_path: Path = Path("data/digits.parquet")
    """Labelled rows, Parquet or CSV. The default file is made when it is missing."""

    tracking_uri: Annotated[str, NotLogged] = "sqlite:///mlruns/mlflow.db"
    """Where MLflow keeps runs and models: a database, or the http address of a server."""

    tracking_token: Annotated[SecretStr | None, NotLogged] = None
    """Bearer token of the tracking server."""

    model: Annotated[str, NotLogged] = f"models:/{PROJECT}/latest"
    """Registered model to evaluate or to predict with: models:/name@alias, or models:/name/3."""

    allow_environment_drift: Annotated[CliImplicitFlag[bool], NotLogged] = False
    """Use a model although its training had other packages or another Python."""

    thresholds: Annotated[dict[str, Share], NotLogged] = {"accuracy": 0.94, "f1": 0.94}
    """Least value of each metric that 'evaluate' accepts."""

    gains: Annotated[dict[str, Gain], NotLogged] = {"accuracy": -0.01, "f1": -0.01}
    """Least gain of each metric over the champion that 'evaluate' accepts; below 0 is a loss."""

    reports_path: Annotated[Path, NotLogged] = Path("reports")
    """Folder that 'evaluate' and 'explain' write into."""

    alert_webhook: Annotated[SecretStr | None, NotLogged] = None
    """Address that alerts are posted to, beside the log."""

    input_path: Annotated[Address, NotLogged] = "data/digits.parquet"
    """Rows to predict, Parquet or CSV; a target column is ignored. A file, or a folder of them,
    here or at s3://, gs:// or az://."""

    output_path: Annotated[Address, NotLogged] = "data/predictions.parquet"
    """Where 'predict' writes the class and the probabilities of each row, Parquet; a folder for a
    folder."""

    chunk_rows: Annotated[int, Field(ge=1, le=1_000_000, exclude=True)] = 65_536
    """Rows that 'predict' has in memory at once."""

    explained_rows: Annotated[PositiveInt, NotLogged] = 100
    """Rows that 'explain' draws from the input and explains, at most."""

    study: Annotated[str, NotLogged, Field(min_length=1)] = PROJECT
    """Name of the study that 'tune' begins or joins."""

    study_storage: Annotated[str, NotLogged] = "sqlite:///mlruns/study.db"
    """Database of studies, which nothing else uses; processes that share it share the work."""

    study_heartbeat_s: Annotated[PositiveInt, NotLogged] = 10
    """Seconds between a trial's signs of life; after six without one, it is done again."""

    trials: Annotated[PositiveInt, NotLogged] = 20
    """Finished trials that 'tune' wants in the study, whoever runs them."""

    tuned_path: Annotated[Path, NotLogged] = Path("config/tuned.yaml")
    """Where 'tune' writes the best settings, for '--config'."""

    origins: Annotated[CliSuppress[dict[str, str]], NotLogged] = Field(default={}, repr=False)
    """Where each value came from; filled in while settings are read."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003  (a hook's signature)
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Put the config files below the environment, and the bookkeeping last."""
        files = ConfigFiles(settings_cls)
        origins = Origins(settings_cls, files)
        return init_settings, env_settings, EnvFile(dotenv_settings), files, origins

    @model_validator(mode="wrap")
    @classmethod
    def _name_places(cls, values: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Say of each wrong value where it came from."""
        try:
            return handler(values)
        except ValidationError as error:
            origins = values.get("origins", {})
            raise ValueError("; ".join(_explain(error, origins))) from None


def _explain(error: ValidationError, origins: dict[str, str]) -> Iterator[str]:
    for problem in error.errors():
        if problem["type"] == "value_error":  # It comes from our own code and says everything.
            yield str(problem["ctx"]["error"])
            continue
        name, *inner = map(str, problem["loc"])
        place = origins.get(name, "default")
        yield f"{'.'.join([name, *inner])} = {problem['input']!r} ({place}): {problem['msg']}"
