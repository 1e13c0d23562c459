"""A study: trials that can be compared, and the loop that has them done, here and elsewhere."""

import json
import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import optuna
from optuna import Study, Trial
from optuna.exceptions import UpdateFinishedTrialError
from optuna.storages import BaseStorage, fail_stale_trials
from optuna.trial import FrozenTrial, TrialState

from . import sampling
from .database import BEGUN, MISSED_SIGNS
from .settings import Settings

log = logging.getLogger(__name__)

BASIS = "basis"
"""Attribute of a study: what its trials have in common."""

FINISHED = (TrialState.COMPLETE, TrialState.PRUNED)
PAUSE_S = 0.5

Objective = Callable[[Trial], float]

Show = Callable[[int, str], None]
"""Who is told how many trials are finished, and what else there is to say."""

CLOSED_BY_OTHERS = (ValueError, UpdateFinishedTrialError)
"""What Optuna says of a trial that another process has closed meanwhile."""


class SurplusError(Exception):
    """Another process has begun the last trial that was wanted."""


def join(settings: Settings, storage: BaseStorage, basis: dict[str, Any]) -> Study:
    """Open the study of the settings, or begin it.

    Args:
        settings: They name the study.
        storage: Where it is kept.
        basis: What its trials must have in common to be compared, as JSON takes it.

    Raises:
        ValueError: If the study has another basis.
    """
    study = optuna.create_study(
        storage=storage,
        study_name=settings.study,
        sampler=sampling.Sampler(settings.seed),
        pruner=sampling.pruner(),
        load_if_exists=True,
    )
    if BASIS not in study.user_attrs:
        study.set_user_attr(BASIS, basis)
    theirs, ours = study.user_attrs[BASIS], json.loads(json.dumps(basis))
    if other := sorted(k for k in theirs | ours if theirs.get(k) != ours.get(k)):
        told = "; ".join(f"{name} = {theirs.get(name)}, here {ours.get(name)}" for name in other)
        raise ValueError(
            f"study {settings.study!r} was made with {told}: go back to that, or begin another "
            "with '--study'"
        )
    return study


def finish(study: Study, objective: Objective, settings: Settings, show: Show) -> None:
    """Run trials until the study has as many finished ones as the settings say, whoever runs them.

    A trial of another process is waited for: if that process dies, its trial is done again here.
    """
    note = ""
    while True:
        _give_up_dead_trials(study, settings)
        states = [trial.state for trial in study.get_trials(deepcopy=False)]
        n_finished, n_running = sum(map(states.count, FINISHED)), states.count(TrialState.RUNNING)
        is_done = n_finished >= settings.trials
        show(n_finished, note or f"the study has {n_finished} already" if is_done else note)
        if is_done:
            return
        if n_finished + n_running < settings.trials:
            note = _run_one(study, objective, settings.trials)
        else:
            note = f"waiting for {n_running} that run elsewhere"
            time.sleep(PAUSE_S)


def best(study: Study) -> FrozenTrial:
    """Return the trial with the least value.

    Raises:
        ValueError: If no trial came to its end.
    """
    if not study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)):
        raise ValueError(f"study {study.study_name!r}: no trial came to its end; ask for more")
    return study.best_trial


def _run_one(study: Study, objective: Objective, n_trials: int) -> str:
    """Run a trial, unless there are enough; say what became of it."""
    begun: list[int] = []
    lost: list[int] = []

    def run(trial: Trial) -> float:
        # Numbers are unique: of processes that begin the last trial at once, one is not surplus.
        known = study.get_trials(deepcopy=False)
        ahead = [t for t in known if t.number < trial.number and t.state != TrialState.FAIL]
        if len(ahead) >= n_trials:
            raise SurplusError
        begun.append(trial.number)
        try:
            return objective(trial)
        except UpdateFinishedTrialError:
            lost.append(trial.number)
            raise

    try:
        study.optimize(run, n_trials=1, catch=(SurplusError,))
    except CLOSED_BY_OTHERS:
        if not lost:
            raise
        return f"trial {lost[0]} gave no sign of life for too long, and others took it over"
    return _describe(study, begun[0]) if begun else ""


def _describe(study: Study, number: int) -> str:
    (trial,) = (t for t in study.get_trials(deepcopy=False) if t.number == number)
    value = "" if trial.value is None else f" at {trial.value:.4f}"
    return f"trial {number} {trial.state.name.lower()}{value}"


def _give_up_dead_trials(study: Study, settings: Settings) -> None:
    """Fail the trials of dead processes, and have those with values done again."""
    fail_stale_trials(study)
    # A process that died before its first sign of life is unknown to Optuna.
    now = datetime.now()  # noqa: DTZ005  (its times have no zone either)
    overdue = now - timedelta(seconds=MISSED_SIGNS * settings.study_heartbeat_s)
    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        started = trial.datetime_start or overdue
        if BEGUN not in trial.user_attrs and started < overdue:
            study.tell(trial.number, state=TrialState.FAIL, skip_if_finished=True)
