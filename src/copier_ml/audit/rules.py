"""The rules that a project sets in ``[tool.audit]`` of pyproject.toml."""

import os
import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated

from packaging.requirements import InvalidRequirement, Requirement
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

PUBLIC = "https://api.osv.dev"
"""The service of OSV, which anybody may ask."""

Text = Annotated[str, Field(min_length=1)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Exempt(_Table):
    """A package that may have licenses which others may not."""

    licenses: list[Text] = Field(min_length=1)
    reason: Text


class Denied(_Table):
    """A package that must not be locked."""

    reason: Text
    remedy: Text


class Ignored(_Table):
    """A known vulnerability that does no harm here, for now."""

    reason: Text
    until: date


class Rules(_Table):
    """All of ``[tool.audit]``."""

    database: str = PUBLIC
    """Address of a service that speaks the protocol of OSV, or a folder or zip of its records."""

    licenses: list[Text]
    """SPDX identifiers, each on its own."""

    exceptions: dict[str, Exempt] = {}
    """By the name of a package, also with a star."""

    denied: dict[str, Denied] = {}
    """By a requirement: a name, or a name and versions."""

    ignored: dict[str, Ignored] = {}
    """By the identifier of a vulnerability."""

    @field_validator("denied")
    @classmethod
    def _are_requirements(cls, denied: dict[str, Denied]) -> dict[str, Denied]:
        for text in denied:
            try:
                Requirement(text)
            except InvalidRequirement:
                raise ValueError(f"{text!r} is no requirement, such as 'a' or 'a<2'") from None
        return denied


def read(path: Path) -> Rules:
    """Read the rules; the variable AUDIT_DATABASE is stronger than theirs.

    Raises:
        ValueError: If they are missing or wrong, with the place and what is expected there.
    """
    table = tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {}).get("audit", {})
    if not table:
        raise ValueError(f"{path} has no [tool.audit]: write it, with licenses = ['MIT', ...]")
    if database := os.environ.get("AUDIT_DATABASE"):
        table["database"] = database
    try:
        return Rules.model_validate(table)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(["tool.audit", *map(str, first["loc"])])
        raise ValueError(f"{path} has a mistake at {place}: {first['msg']}") from None
