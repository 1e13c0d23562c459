"""The rules that a project sets in ``[tool.audit]`` of pyproject.toml."""

import os
import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated

from packaging.requirements import InvalidRequirement, Requirement
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

PUBLIC = "https://api.osv.dev"
"""The public service of OSV."""

Text = Annotated[str, Field(min_length=1)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Exempt(_Table):
    """A package with additional allowed licenses."""

    licenses: list[Text] = Field(min_length=1)
    reason: Text


class Denied(_Table):
    """A package that must not be locked."""

    reason: Text
    remedy: Text


class Ignored(_Table):
    """A known vulnerability that is ignored until a date."""

    reason: Text
    until: date


class Rules(_Table):
    """The table ``[tool.audit]``."""

    database: str = PUBLIC
    """URL of a service with OSV's API, or a folder or zip file of OSV records."""

    licenses: list[Text]
    """Allowed SPDX identifiers."""

    exceptions: dict[str, Exempt] = {}
    """Exceptions by package name; may be a glob pattern."""

    denied: dict[str, Denied] = {}
    """Denied packages by requirement: a name, or a name and versions."""

    ignored: dict[str, Ignored] = {}
    """Ignored vulnerabilities by identifier."""

    @field_validator("denied")
    @classmethod
    def _are_requirements(cls, denied: dict[str, Denied]) -> dict[str, Denied]:
        for text in denied:
            try:
                Requirement(text)
            except InvalidRequirement:
                raise ValueError(f"{text!r} is not a requirement such as 'a' or 'a<2'") from None
        return denied


def read(path: Path) -> Rules:
    """Read the rules; the variable AUDIT_DATABASE overrides the database.

    Raises:
        ValueError: They are missing or invalid.
    """
    table = tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {}).get("audit", {})
    if not table:
        raise ValueError(f"{path} has no [tool.audit]: add it, with licenses = ['MIT', ...]")
    if database := os.environ.get("AUDIT_DATABASE"):
        table["database"] = database
    try:
        return Rules.model_validate(table)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(["tool.audit", *map(str, first["loc"])])
        raise ValueError(f"{path}: invalid {place}: {first['msg']}") from None
