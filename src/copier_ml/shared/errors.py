"""User errors: which exceptions they are, and a one-line description of each."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from . import disk

PASSWORDS = (
    (re.compile(r"(https?://)[^/\s@]+@"), r"\1***@"),
    (re.compile(r"(?i)([?&][^=&\s]*(?:auth|key|pass|secret|sig|token)[^=&\s]*=)[^&\s]+"), r"\1***"),
)
"""Credentials in URLs and query strings, which must not reach logs."""


class RefusalError(ValueError):
    """A project's state does not allow a command; nothing was changed."""


def describe(error: BaseException) -> str:
    """Describe an error of the system, a program or Copier in one line."""
    if full := disk.describe(error, getattr(error, "stderr", None) or str(error)):
        return full
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    lines = (getattr(error, "stderr", None) or str(error)).splitlines()
    text = " ".join(line.strip() for line in lines if not line.startswith("Cloning"))
    return printable(hide_logins(text)).rstrip(".")


def hide_logins(text: str) -> str:
    """Mask the credentials in the URLs of a text."""
    for pattern, replacement in PASSWORDS:
        text = pattern.sub(replacement, text)
    return text


def printable(text: str) -> str:
    """Escape control characters, except newlines."""
    return "".join(
        char if char.isprintable() or char == "\n" else ascii(char)[1:-1] for char in text
    )


def mistakes() -> tuple[type[BaseException], ...]:
    """Return the exceptions that users can fix; all others keep their traceback."""
    from subprocess import CalledProcessError

    from copier.errors import CopierError
    from jinja2 import TemplateError
    from yaml import YAMLError

    return CalledProcessError, CopierError, OSError, TemplateError, ValueError, YAMLError


@contextmanager
def refusing() -> Iterator[None]:
    """Turn each user error in the block into a refusal."""
    try:
        yield
    except (KeyboardInterrupt, RefusalError):
        raise  # Copier's own KeyboardInterrupt is a CopierError, too.
    except mistakes() as error:
        raise RefusalError(describe(error)) from error
