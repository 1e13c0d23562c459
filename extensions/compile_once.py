"""Speed. Like plan.py, this file imports nothing of the template."""

from functools import cache

from jinja2 import Environment
from jinja2.ext import Extension


class CompileOnce(Extension):
    """Compile each short text once, whatever the context it is rendered with.

    For every file, Copier compiles each part of its path, and the name of the answers file several
    times: 430 compilations in a render of 60 files, most of the same few texts.
    """

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        setattr(environment, "from_string", cache(environment.from_string))  # noqa: B010
