"""The process of ``copier-ml`` or ``python -m copier_ml``: output streams and Ctrl-C.

Slow imports are inside ``main``, which handles Ctrl-C.
"""

import gc
import os
import sys
from io import BufferedWriter, FileIO, TextIOWrapper


class Output(FileIO):
    """An output stream that tolerates a closed pipe, as of ``head``: the command continues."""

    def write(self, data: bytes, /) -> int:  # type: ignore[override]
        """Write data, or drop it if the pipe is closed."""
        try:
            return super().write(data)
        except OSError as error:
            place = os.path.realpath(f"/dev/fd/{self.fileno()}")
            # The interpreter flushes again at exit, and would report the same error.
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.fileno())
            if isinstance(error, BrokenPipeError):
                return len(data)
            raise OSError(error.errno, error.strerror, place) from error


def main() -> int:
    """Run the command line and return its exit code, 130 after Ctrl-C."""
    gc.disable()  # A tenth of the time, and the process soon ends.
    try:
        for name in ("stdout", "stderr"):
            _prepare(name)
        from .cli import main as run

        code = run()
    except (KeyboardInterrupt, RuntimeError) as stop:
        # Before Python 3.12, Ctrl-C while a class is created is the cause of a RuntimeError.
        if not isinstance(stop.__cause__ or stop, KeyboardInterrupt):
            raise
        notes = getattr(stop, "__notes__", [])
        print("; ".join(["copier-ml: stopped", *notes]), file=sys.stderr)
        code = 130
    from signal import SIG_IGN, SIGINT, signal

    signal(SIGINT, SIG_IGN)  # Only the interpreter's exit is left.
    return code


def _prepare(name: str) -> None:
    """Tolerate a closed pipe, and escape characters that the encoding lacks.

    A file name or a changelog may have such characters.
    """
    stream = getattr(sys, name)
    if stream is None:  # The parent process closed it.
        setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115  (stays open)
        return
    raw = getattr(stream.buffer, "raw", stream.buffer)
    if type(raw) is not FileIO:  # A console of Windows.
        stream.reconfigure(errors="backslashreplace")
        return
    output = Output(stream.fileno(), "w", closefd=False)
    wrapped = TextIOWrapper(
        output if raw is stream.buffer else BufferedWriter(output),  # type: ignore[type-var]
        encoding=stream.encoding,
        errors="backslashreplace",
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )
    setattr(sys, name, wrapped)


if __name__ == "__main__":
    raise SystemExit(main())
