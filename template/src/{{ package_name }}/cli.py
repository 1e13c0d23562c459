"""Command line: dispatch commands, show help, and report mistakes of a user in one line."""

import difflib
import errno
import gc
import logging
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from importlib.metadata import requires, version
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

from . import parts
from .errors import UserError

log = logging.getLogger(__name__)

PROGRAM = __package__.replace("_", "-")
COMPILED_AHEAD = "import alembic.migration, mlflow.store.tracking.sqlalchemy_store, mlflow.pyfunc"
NOT_A_BUG = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES}
"""Errors of a full or read-only disk, a size limit, or missing permissions."""


def main() -> None:
    """Run the command line.

    A user's mistake ends with one line and exit code 1, wrong usage with 2. Any other error keeps
    its traceback; ``--debug`` shows the traceback of a mistake as well.
    """
    arguments = [one for one in sys.argv[1:] if one != "--debug"]
    is_debugging = "--debug" in sys.argv
    level = logging.DEBUG if is_debugging else logging.INFO
    logging.basicConfig(level=level, format="%(message)s")
    gc.disable()  # It takes a quarter of the imports; tracking.collect_garbage enables it.
    try:
        _dispatch(arguments)
    except (UserError, ModuleNotFoundError, OSError) as error:
        if is_debugging or not (line := _explain(error)):
            raise
        _stop(line)
    except KeyboardInterrupt:
        _stop("stopped", code=130)


def nearest(name: str, known: Iterable[str]) -> str:
    """Suggest the closest known name, or list all of them."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    return f"did you mean {close[0]!r}?" if close else f"there are {', '.join(names)}"


def finish(text: str, *following: str) -> None:
    """Print the result of a command, and the next command: the first of these that exists."""
    known = parts.summaries()
    hints = [f"next: uv run {PROGRAM} {one}" for one in following if one.split()[0] in known]
    print(*filter(None, [text, *hints[:1]]), sep="\n")


def is_required(module: str) -> bool:
    """Whether a module comes from a requirement of the project or of one of its parts."""
    names = [re.split(r"[^\w-]", line)[0].lower() for line in requires(PROGRAM) or []]
    top = module.partition(".")[0].lower().replace("_", "-")
    return any(name == top or name.startswith(f"{top}-") for name in names)


def _dispatch(arguments: list[str]) -> None:
    known = parts.summaries()
    two = " ".join(arguments[:2])
    name = two if two in known else "".join(arguments[:1])
    if name in {"", "-h", "--help"}:
        print(f"usage: {PROGRAM} COMMAND [OPTIONS]\n\nCommands:")
        print("\n".join(f"  {one:21} {text}" for one, text in known.items()))
        print(f"\n'{PROGRAM} COMMAND --help' lists the options of a command.")
    elif name == "--version":
        print(version(PROGRAM))
    elif name == "import-data":  # A recipe, which runs copier-ml.
        if not (just := shutil.which("just")):
            _stop("just is not installed; 'uv run just sync' installs it")
        raise SystemExit(subprocess.call([just, name, *arguments[1:]]))  # noqa: S603  (no shell)
    elif name not in known:
        _stop(f"there is no command {name!r}; {nearest(name, known)}", code=2)
    else:
        _run(name, arguments[len(name.split()) :])


def _run(name: str, arguments: list[str]) -> None:
    is_help = bool({"-h", "--help"} & {*arguments})
    if not is_help:
        _compile_ahead()
    from . import options  # Late: pydantic takes longer to import than the list of commands.

    command = parts.command(name)
    if is_help:
        print(f"usage: {PROGRAM} {name} [OPTIONS]\n\n{parts.summaries()[name]}")
        print(options.describe(command))
        print("\n  --debug\n      Log more, and show the traceback of a mistake.")
        return
    try:
        parsed = options.parse(command, arguments)
        if parsed.loading:
            log.info("%s: %s", name, parsed.loading)
        parsed.cli_cmd()
    except options.UsageError as error:
        text = str(error)
        if unknown := re.search(r"unrecognized arguments: (--[\w-]+)", text):
            flags = map(options.written, command.model_fields)
            text = f"there is no {unknown[1]}; {nearest(unknown[1], flags)}"
        _stop(f"{name}: {text}", code=2)


def _compile_ahead() -> None:
    """In a new environment, compile MLflow in another process while this one compiles the rest."""
    if (found := find_spec("mlflow")) and found.cached and not sys.dont_write_bytecode:
        folder = Path(found.cached).parent
        if not folder.exists() and os.access(folder.parent, os.W_OK):
            command = [sys.executable, "-c", COMPILED_AHEAD]
            subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603  (no shell)


def _explain(error: Exception) -> str:
    """Describe a mistake in one line; empty if it may be a bug."""
    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, ModuleNotFoundError) and is_required(str(error.name)):
        return f"{error.name} is not installed; 'uv run just sync' installs all parts"
    if isinstance(error, OSError) and error.errno in NOT_A_BUG:
        return f"{error.filename or 'a file'}: {error.strerror}"
    return ""


def _stop(message: str, code: int = 1) -> NoReturn:
    # A value may contain line breaks or terminal escape sequences.
    message = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in message)
    print(f"{PROGRAM}: {message}", file=sys.stderr)
    raise SystemExit(code)
