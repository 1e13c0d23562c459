"""Progress of a long loop: a bar on a terminal, a log line now and then elsewhere."""

import logging
import sys
from collections.abc import Callable, Iterator

from tqdm import tqdm

log = logging.getLogger(__name__)

Report = Callable[[dict[str, float], int], None]
"""Who is told of each step of a training: its metrics, and its number from 1."""

N_LINES = 5
"""Log lines of one loop where no terminal shows a bar."""


def steps(first: int, last: int, unit: str) -> Iterator[int]:
    """Count from ``first`` to ``last``, both included, and tell how far it is."""
    if sys.stderr.isatty():
        yield from tqdm(range(first, last + 1), initial=first - 1, total=last, unit=unit)
        return
    for step in range(first, last + 1):
        yield step
        if step == last or step % max(1, last // N_LINES) == 0:
            log.info("%s %d of %d", unit, step, last)
