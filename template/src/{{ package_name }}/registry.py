"""Registered models: which version an address means, what is noted with it, who the champion is."""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import yaml
from mlflow import MlflowClient, models
from mlflow.exceptions import MlflowException
from mlflow.models.model import ModelInfo

from .settings import PROJECT

CHAMPION = "champion"
"""Alias of the version that counts."""

ADDRESS = re.compile(r"models:/(?P<name>[^/@]+)(/(?P<number>\d+)|/latest|@(?P<alias>[^/@]+))")

DAMAGED = (yaml.YAMLError, AttributeError, LookupError, OSError, TypeError, ValueError)
"""What MLflow and the libraries under it raise for a model's file that is damaged or missing."""


@dataclass(frozen=True)
class Version:
    """One version of a registered model."""

    name: str
    number: str
    notes: dict[str, str]
    """Tags, each a name and a text."""

    @property
    def uri(self) -> str:
        return f"models:/{self.name}/{self.number}"


def find(address: str) -> Version:
    """Look up the version that an address means now, such as models:/name/latest.

    Raises:
        ValueError: If it is no address of a registered model.
        MlflowException: If there is no such model.
    """
    asked = ADDRESS.fullmatch(address)
    if asked is None:
        raise ValueError(
            f"{address} is no registered model: write models:/{PROJECT}/3, "
            f"models:/{PROJECT}/latest or models:/{PROJECT}@{CHAMPION}"
        )
    client, name = MlflowClient(), asked["name"]
    if asked["number"]:
        found = client.get_model_version(name, asked["number"])
    else:
        found = client.get_model_version_by_alias(name, asked["alias"] or "latest")
    return Version(name, str(found.version), dict(found.tags))


def champion() -> Version | None:
    """Look up the version that counts; None if there is none yet."""
    try:
        return find(f"models:/{PROJECT}@{CHAMPION}")
    except MlflowException as error:
        if error.error_code in {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}:
            return None
        raise


def exported(folder: str) -> str:
    """Name the version that a folder with a model was written from; else the folder itself."""
    with suppress(FileNotFoundError):
        meta = yaml.safe_load(Path(folder, "registered_model_meta").read_text(encoding="utf-8"))
        return f"models:/{meta['model_name']}/{meta['model_version']}"
    return folder


def crown(version: Version) -> None:
    """Make a version the champion.

    Raises:
        ValueError: If someone else chose another one at the same moment.
    """
    MlflowClient().set_registered_model_alias(version.name, CHAMPION, version.number)
    # MLflow has no compare-and-set: whoever comes last wins, and the other is told.
    if (now := champion()) is None or now.number != version.number:
        raise ValueError(f"another promotion made {now.uri if now else 'nothing'} the champion")


def note(version: Version, **notes: str) -> None:
    """Note facts with a version; a later one of the same name replaces the earlier one."""
    for name, text in notes.items():
        MlflowClient().set_model_version_tag(version.name, version.number, name, text)


@contextmanager
def intact(address: str, *signs: type[Exception]) -> Iterator[None]:
    """Make one line of what goes wrong with a model's files.

    Args:
        address: The model.
        signs: What a framework raises for a damaged file, besides ``DAMAGED``.

    Raises:
        ValueError: If a file is damaged or missing.
    """
    try:
        yield
    except DAMAGED + signs as error:
        reason = " ".join(str(error).split()).partition(". ")[0]  # Without advice to trust pickles.
        told = f"{address} cannot be loaded: {reason}; its files may be damaged"
        raise ValueError(told) from error


def info(address: str) -> ModelInfo:
    """Return what MLflow wrote down about a model.

    Raises:
        ValueError: If its files are damaged.
        MlflowException: If there is no such model.
    """
    with intact(address):
        return models.get_model_info(address)
