"""What a command does now, and what it had changed when Ctrl-C stopped it."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


def say(step: str) -> None:
    """Print a step on the terminal, if there is one: logs and scripts have no use for it."""
    if sys.stderr.isatty():
        print(f"{step} ...", file=sys.stderr, flush=True)


@dataclass
class Progress:
    """What has changed so far."""

    reached: str = "nothing was changed"

    @contextmanager
    def reported(self) -> Iterator[None]:
        """Add what was reached to a Ctrl-C in the block."""
        try:
            yield
        except KeyboardInterrupt as stop:
            stop.add_note(self.reached)
            raise

    @contextmanager
    def uninterrupted(self) -> Iterator[None]:
        """Delay Ctrl-C to the end of the block, for the programs that start in it, too."""
        if sys.platform == "win32":
            yield
            return
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
