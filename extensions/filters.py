"""Filters for templates. Like plan.py, this file imports no other file of the template."""

import json
from collections.abc import Mapping

from jinja2 import Environment
from jinja2.ext import Extension


def quoted(text: str | list[str]) -> str:
    """Format free text or a list as a literal that is valid in TOML, YAML, JSON and Python."""
    return json.dumps(text, ensure_ascii=False)


def inline_table(values: Mapping[str, str]) -> str:
    """Format a mapping from plain keys to free text as a TOML inline table."""
    pairs = ", ".join(f"{key} = {quoted(value)}" for key, value in values.items())
    return f"{{ {pairs} }}" if pairs else "{}"


class Filters(Extension):
    """Register the functions above under their names."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.filters |= {"quoted": quoted, "inline_table": inline_table}
