"""The database of studies: SQLite in a folder, or any other that several machines reach."""

import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import optuna
from optuna import Study
from optuna.exceptions import (
    ExperimentalWarning,
    StorageInternalError,
    UpdateFinishedTrialError,
)
from optuna.storages import RDBStorage, RetryHeartbeatStaleTrialCallback
from optuna.trial import FrozenTrial
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import SQLAlchemyError

from .settings import Settings
from .sources import masked

RUN = "run"
"""Attribute of a trial: the run that records it."""

BEGUN = "begun"
"""Attribute of a trial that has given its first sign of life."""

EMBEDDED = "sqlite:///"
LOCK_TIMEOUT_S = 60  # for SQLite, which lets one process write at a time
CONNECT_TIMEOUT_S = 10
MISSED_SIGNS = 6  # of life; after them a trial is taken to be dead
N_RETRIES = 2  # of a trial whose process died: it may be the trial that kills processes
N_OPENINGS = 3  # since processes that start together make the tables at the same time
FAULTS = (SQLAlchemyError, StorageInternalError)


@contextmanager
def connection(settings: Settings) -> Iterator[None]:
    """Use the database of the settings, and make one line of what goes wrong with it.

    Raises:
        ValueError: If the database cannot be reached, or refuses what is asked of it.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.filterwarnings("ignore", category=ExperimentalWarning)  # of heartbeats and pictures
    try:
        yield
    except FAULTS as error:
        cause = error.__cause__ if isinstance(error, StorageInternalError) else error
        raise _unusable(settings, str(getattr(cause, "orig", None) or cause)) from error


class Signed(RDBStorage):
    """A database that notes who gave a sign of life; Optuna takes all other trials for alive."""

    def record_heartbeat(self, trial_id: int) -> None:
        super().record_heartbeat(trial_id)
        if BEGUN not in self.get_trial(trial_id).user_attrs:
            with suppress(UpdateFinishedTrialError):
                self.set_trial_user_attr(trial_id, BEGUN, value=True)


def open_database(settings: Settings, on_death: Callable[[str], None]) -> RDBStorage:
    """Open the database of the settings; its tables are made when they are missing.

    Args:
        settings: They name the database, and say how often a trial gives a sign of life.
        on_death: Told of the run of each trial whose process died; the trial is done again.

    Raises:
        ValueError: If its driver is not installed, or it holds tables of something else.
    """
    again = RetryHeartbeatStaleTrialCallback(max_retry=N_RETRIES)

    def do_again(study: Study, trial: FrozenTrial) -> None:
        if RUN in trial.user_attrs:
            on_death(trial.user_attrs[RUN])
        trial.user_attrs = {}
        again(study, trial)

    if settings.study_storage == settings.tracking_uri:  # Opening it would add Optuna's tables.
        raise _unusable(settings, "MLflow keeps its runs there")
    try:
        storage = _connect(settings, do_again)
    except ImportError as error:
        raise _unusable(settings, "its driver is not installed") from error
    except RuntimeError as error:  # what Optuna says of versions that it does not know
        raise _unusable(settings, "it has tables of another program, or Optuna") from error
    if settings.study_storage.startswith(EMBEDDED):
        _lock_from_the_start(storage.engine)
    return storage


def _connect(settings: Settings, do_again: Callable[[Study, FrozenTrial], None]) -> RDBStorage:
    options: dict[str, Any] = {"connect_timeout": CONNECT_TIMEOUT_S}
    if settings.study_storage.startswith(EMBEDDED):
        options = {"timeout": LOCK_TIMEOUT_S}
        path = Path(settings.study_storage.removeprefix(EMBEDDED))
        path.parent.mkdir(parents=True, exist_ok=True)
    for opening in range(1, N_OPENINGS + 1):
        try:
            return Signed(
                settings.study_storage,
                engine_kwargs={"connect_args": options},
                heartbeat_interval=settings.study_heartbeat_s,
                grace_period=MISSED_SIGNS * settings.study_heartbeat_s,
                heartbeat_stale_trial_callback=do_again,
            )
        except FAULTS:
            if opening == N_OPENINGS:
                raise
            time.sleep(opening / 2)
    raise AssertionError


def _lock_from_the_start(engine: Engine) -> None:
    """Have each transaction of SQLite take the lock for writing when it begins.

    Otherwise two that have both read cannot wait for each other ("database is locked"), and both
    may take the same trial.
    """
    engine.dispose()  # Its open connections know nothing of this.

    @event.listens_for(engine, "connect")
    def leave_beginning_to_us(connection: Any, _: Any) -> None:
        connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _unusable(settings: Settings, reason: str) -> ValueError:
    place = f"study_storage = {settings.study_storage}: {reason.strip().splitlines()[0]}"
    return ValueError(masked(f"{place}; '--study-storage' names another"))
