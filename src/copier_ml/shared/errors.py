"""Users' mistakes: which errors are theirs, and how one line describes each."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from . import disk

PASSWORDS = (
    (re.compile(r"(https?://)[^/\s@]+@"), r"\1***@"),
    (re.compile(r"(?i)([?&][^=&\s]*(?:auth|key|pass|secret|sig|token)[^=&\s]*=)[^&\s]+"), r"\1***"),
)
"""User information and secret keys of the query in an address: logs are read by many."""


class RefusalError(ValueError):
    """Something cannot be done to a project as it is; nothing was changed."""


def describe(error: BaseException) -> str:
    """Tell in one line what a system call, a program such as Git, or Copier complains about."""
    if full := disk.describe(error, getattr(error, "stderr", None) or str(error)):
        return full
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    lines = (getattr(error, "stderr", None) or str(error)).splitlines()
    text = " ".join(line.strip() for line in lines if not line.startswith("Cloning"))
    return printable(hide_logins(text)).rstrip(".")


def hide_logins(text: str) -> str:
    """Mask who logs in, and with what, in the addresses of a text."""
    for pattern, replacement in PASSWORDS:
        text = pattern.sub(replacement, text)
    return text


def printable(text: str) -> str:
    """Escape all but line ends that commands a terminal, or looks like a line end."""
    return "".join(
        char if char.isprintable() or char == "\n" else ascii(char)[1:-1] for char in text
    )


def mistakes() -> tuple[type[BaseException], ...]:
    """Name the errors that a user can fix; anything else is ours and keeps its traceback."""
    from subprocess import CalledProcessError

    from copier.errors import CopierError
    from jinja2 import TemplateError
    from yaml import YAMLError

    return CalledProcessError, CopierError, OSError, TemplateError, ValueError, YAMLError


@contextmanager
def refusing() -> Iterator[None]:
    """Call each mistake in the block a refusal."""
    try:
        yield
    except (KeyboardInterrupt, RefusalError):
        raise  # Copier's own Ctrl-C, at a question, is a mistake too.
    except mistakes() as error:
        raise RefusalError(describe(error)) from error
