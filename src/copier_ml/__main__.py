"""The process of ``copier-ml`` or ``python -m copier_ml``: its streams, and how Ctrl-C ends it.

What takes time is imported inside, where Ctrl-C is caught from the first moment on.
"""

import os
import sys
from io import BufferedWriter, FileIO, TextIOWrapper


class Output(FileIO):
    """An output stream whose reader may leave, as ``head`` does: the work goes on to its end."""

    def write(self, data: bytes, /) -> int:  # type: ignore[override]
        """Write data, or drop it where nothing reads it."""
        try:
            return super().write(data)
        except OSError as error:
            place = os.path.realpath(f"/dev/fd/{self.fileno()}")
            # The interpreter flushes once more at its end, and would complain of the same.
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.fileno())
            if isinstance(error, BrokenPipeError):
                return len(data)
            raise OSError(error.errno, error.strerror, place) from error


def main() -> int:
    """Run the command line; give its exit code, or 130 after Ctrl-C."""
    try:
        for name in ("stdout", "stderr"):
            _prepare(name)
        from .cli import main as run

        code = run()
    except KeyboardInterrupt as stop:
        notes = getattr(stop, "__notes__", [])
        print("; ".join(["copier-ml: stopped", *notes]), file=sys.stderr)
        code = 130
    from signal import SIG_IGN, SIGINT, signal

    signal(SIGINT, SIG_IGN)  # Only the interpreter's own end is left.
    return code


def _prepare(name: str) -> None:
    """Let a stream do without a reader, and show what its encoding lacks as an escape.

    A name of a file, or a changelog, may have what this terminal cannot show.
    """
    stream = getattr(sys, name)
    if stream is None:  # It was closed before.
        setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115  (it stays open)
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
