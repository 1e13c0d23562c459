"""Progress of a long loop: a bar on a terminal, a log line now and then elsewhere."""

import logging
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import pandas as pd
from tqdm import tqdm

log = logging.getLogger(__name__)

Report = Callable[[dict[str, float], int], None]
"""Who is told of each step of a training: its metrics, and its number from 1."""

N_LINES = 5
"""Log lines of one loop where no terminal shows a bar."""

PAUSE_S = 10
"""Time between two log lines of a loop whose end is not known."""
_is_hidden = ContextVar("is_hidden", default=False)


def steps(first: int, last: int, unit: str) -> Iterator[int]:
    """Count from ``first`` to ``last``, both included, and tell how far it is."""
    if _is_hidden.get():
        yield from range(first, last + 1)
        return
    if sys.stderr.isatty():
        yield from tqdm(range(first, last + 1), initial=first - 1, total=last, unit=unit)
        return
    for step in range(first, last + 1):
        yield step
        if step == last or step % max(1, last // N_LINES) == 0:
            log.info("%s %d of %d", unit, step, last)


def rows(tables: Iterable[pd.DataFrame], total: int | None, n_done: int) -> Iterator[pd.DataFrame]:
    """Hand on tables and tell how many rows are behind; ``total`` is None if no one knows it."""
    n_done = n_done if total is None else min(n_done, total)
    if sys.stderr.isatty():
        with tqdm(total=total, initial=n_done, unit="row", unit_scale=True) as bar:
            for table in tables:
                yield table
                bar.update(len(table))
        return
    of_all = "" if total is None else f" of {total:,}"
    told_at = time.monotonic()
    for table in tables:
        yield table
        n_done += len(table)
        if n_done == total or time.monotonic() - told_at >= PAUSE_S:
            log.info("%s%s rows", f"{n_done:,}", of_all)
            told_at = time.monotonic()
    if n_done != total:
        log.info("%s rows", f"{n_done:,}")


@contextmanager
def counter(last: int, unit: str) -> Iterator[Callable[[int, str], None]]:
    """Tell how far something is that others help with: yield what takes the number and a note."""
    if sys.stderr.isatty():
        with tqdm(total=last, unit=unit) as bar:

            def show(number: int, note: str) -> None:
                bar.update(min(number, last) - bar.n)
                bar.set_postfix_str(note)

            yield show
        return

    told = ""

    def write(number: int, note: str) -> None:
        nonlocal told
        if note not in {"", told}:  # Who waits says the same again and again.
            log.info("%s %d of %d: %s", unit, min(number, last), last, note)
        told = note

    yield write


@contextmanager
def hidden() -> Iterator[None]:
    """Have ``steps`` count silently, within a loop that tells how far it is."""
    token = _is_hidden.set(True)
    try:
        yield
    finally:
        _is_hidden.reset(token)
