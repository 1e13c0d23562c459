"""A person at a terminal: sees a screen, waits for words on it, types. Needs a POSIX system."""

import os
import re
import sys
from pathlib import Path
from typing import Self

import pexpect
import pyte

PATIENCE_S = 120
"""How long a word may take to appear, however busy the machine is."""

ROWS = 70
"""A terminal high enough that no question leaves it."""

UP, DOWN, ENTER, SPACE = "\x1b[A", "\x1b[B", "\r", " "
ERASE = "\x15\x7f\x15"  # The line, its start, and the line before.
CTRL_C, CTRL_D = "\x03", "\x04"


def paste(text: str) -> str:
    """What a terminal sends for a text that comes from the clipboard."""
    return f"\x1b[200~{text}\x1b[201~"


class Terminal:
    """A program in a terminal of its own."""

    def __init__(self, *command: str | Path, columns: int = 80, **environment: str) -> None:
        self._screen = pyte.Screen(columns, ROWS)
        self._screen.write_process_input = self.type  # Where is the cursor, a program may ask.
        self._stream = pyte.ByteStream(self._screen)
        words = [*map(str, command)]
        settings = {"TERM": "xterm-256color", "PYTHONWARNINGS": "ignore"} | environment
        self._process = pexpect.spawn(
            words[0], words[1:], dimensions=(ROWS, columns), env=os.environ | settings
        )
        self._process.delaybeforesend = None
        self.bytes = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.close(force=True)

    @property
    def text(self) -> str:
        """Lines that are on the screen."""
        return "\n".join(line.rstrip() for line in self._screen.display).rstrip()

    def type(self, keys: str) -> None:
        """Press keys."""
        self._process.send(keys)

    def shows(self, words: str) -> bool:
        """Tell whether words are on the screen, wherever its lines are broken."""
        return re.sub(r"\s", "", words) in re.sub(r"\s", "", self.text)

    def _read(self) -> bool:
        """Show what comes next; tell whether anything may follow."""
        try:
            read = self._process.read_nonblocking(65536, PATIENCE_S)
        except pexpect.EOF:
            return False
        except pexpect.TIMEOUT as error:
            raise AssertionError(f"nothing more came after:\n{self.text}") from error
        self.bytes += read
        self._stream.feed(read)
        return True

    def wait(self, words: str) -> None:
        """Wait until words are on the screen."""
        while not self.shows(words):
            assert self._read(), f"{words!r} never came:\n{self.text}"

    def wait_until_gone(self, words: str) -> None:
        """Wait until words are no longer on the screen."""
        while self.shows(words):
            assert self._read(), f"{words!r} stayed:\n{self.text}"

    def answer(self, question: str, keys: str = ENTER) -> None:
        """Wait for a question, of which a narrow terminal shows the start, and type."""
        self.wait(question[: self._screen.columns - 4])
        self.type(keys)

    def end(self) -> int:
        """Wait for the program's end, and return its exit code."""
        while self._read():
            pass
        self._process.wait()
        assert self._process.exitstatus is not None, f"killed by {self._process.signalstatus}"
        return int(self._process.exitstatus)


NEW = (sys.executable, "-m", "copier_ml", "new", "--template")
COPY = (sys.executable, "-m", "copier", "copy", "--trust")
