"""How far a command got that changes a project, which it says where Ctrl-C stops it."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass
class Progress:
    """What a project's owner finds by now."""

    reached: str = "nothing was changed"

    @contextmanager
    def reported(self) -> Iterator[None]:
        """Note on a Ctrl-C in the block what was reached."""
        try:
            yield
        except KeyboardInterrupt as stop:
            stop.add_note(self.reached)
            raise

    @contextmanager
    def uninterrupted(self) -> Iterator[None]:
        """Let Ctrl-C wait for the end of the block, with the programs that start in it."""
        if sys.platform == "win32":
            yield
            return
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
