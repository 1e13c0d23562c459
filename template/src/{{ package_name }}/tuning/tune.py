"""Search hyperparameters: trials are compared by their validation loss."""

import logging
import math
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import mlflow
import numpy as np
import optuna
import yaml
from matplotlib.figure import Figure
from optuna import Study, Trial, TrialPruned
from optuna.exceptions import StorageInternalError
from optuna.pruners import MedianPruner
from optuna.samplers import TPESampler
from optuna.storages import BaseStorage, JournalStorage, get_storage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.exc import IntegrityError, ProgrammingError, SQLAlchemyError
from tqdm import tqdm

from .. import data, files, model, tracking
from ..errors import UserError
from ..hyperparameters import Hyperparameters
from ..settings import SplitRule, masked
from .commands import Tune
from .space import SPACE

log = logging.getLogger(__name__)

METRIC = "validation_loss"
"""Metric that ``model.fit`` reports; a trial's value is the last one."""

TAKEN = (IntegrityError, ProgrammingError)
"""Errors of a database when another process creates the same tables."""

N_TABLES = 10

FINISHED = (TrialState.COMPLETE, TrialState.PRUNED)
N_BEFORE_PRUNING = 5
"""Complete trials before the median pruner starts."""

BASIS = "basis"
"""Attribute of a study: what its trials have in common, so that they are comparable."""

RECORDED = {*Hyperparameters.model_fields, *SplitRule.model_fields}


class Sampler(TPESampler):
    """TPE sampler, seeded by the seed and the number of the trial.

    Workers that share a study never draw the same trial, and an interrupted search continues with
    the same trials.
    """

    def __init__(self, seed: int) -> None:
        super().__init__(seed=seed)
        self._first_seed = seed

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        mixed = np.random.SeedSequence((self._first_seed, trial.number)).generate_state(1)[0]
        super().__init__(seed=int(mixed))
        super().before_trial(study, trial)


def tune(settings: Tune) -> str:
    """Run the missing trials of a study, and write the settings of its best trial.

    Workers that join the study share its trials. If one dies, the others repeat its trial. Test
    rows are not used.

    Returns:
        One line with the best value.

    Raises:
        UserError: If the study cannot be used, has trials of other data or settings, or no trial
            completes.
    """
    rows = data.read(settings.data_path)
    split, checksum = data.split(rows, settings), data.checksum(rows)
    study = join(settings, checksum)
    with tracking.run("tune", settings):
        tracking.log_rows(rows, settings.data_path, checksum, "train")
        with tqdm(total=settings.trials, unit="trial", disable=None) as bar:
            while (n_finished := len(_trials(study, *FINISHED))) < settings.trials:
                bar.update(n_finished - bar.n)
                outcome = _run(study, study.ask(SPACE), split, settings)
                bar.set_postfix_str(outcome)
                if bar.disable:
                    log.info("%d of %d: %s", n_finished + 1, settings.trials, outcome)
            bar.update(settings.trials - bar.n)
        if not _trials(study, TrialState.COMPLETE):
            raise UserError(f"study {settings.study!r}: no trial completed; raise '--trials'")
        best = study.best_trial
        mlflow.log_metric(METRIC, study.best_value)
        for name, figure in _draw(study).items():
            mlflow.log_figure(figure, f"{name}.png")
        values = settings.model_dump(mode="json", include=RECORDED) | best.params
        text = f"# Study {settings.study}, trial {best.number}: {METRIC} {best.value:.6f}\n"
        with files.replacing(settings.tuned_path) as part:
            part.write_text(text + yaml.safe_dump(values, sort_keys=False), encoding="utf-8")
    return f"best: trial {best.number}, {METRIC} {best.value:.4f}; wrote {settings.tuned_path}"


def join(settings: Tune, checksum: str) -> Study:
    """Open or create the study for the settings and for rows with this checksum.

    Raises:
        UserError: If the storage cannot be used, or the study has other data or settings.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        study = optuna.create_study(
            storage=_open(settings.study_storage, settings.tracking_uri),
            study_name=settings.study,
            sampler=Sampler(settings.seed),
            pruner=MedianPruner(N_BEFORE_PRUNING, n_min_trials=N_BEFORE_PRUNING),
            load_if_exists=True,
        )
    except (SQLAlchemyError, StorageInternalError, ImportError, RuntimeError, ValueError) as error:
        reason = str(error.__cause__ or error).strip().partition("\n")[0]
        raise UserError(masked(f"study_storage {settings.study_storage}: {reason}")) from error
    ours = {"data_sha256": checksum} | {f"space of {name}": str(SPACE[name]) for name in SPACE}
    ours |= settings.model_dump(mode="json", include=RECORDED - SPACE.keys())
    if BASIS not in study.user_attrs:
        study.set_user_attr(BASIS, ours)
    theirs = study.user_attrs[BASIS]
    if other := sorted(name for name in theirs | ours if theirs.get(name) != ours.get(name)):
        first = f"{other[0]} = {theirs.get(other[0])}, here {ours.get(other[0])}"
        raise UserError(f"study {settings.study!r} has {first}; '--study' starts a new one")
    return study


def _open(address: str, tracking_uri: str) -> BaseStorage:
    if address == tracking_uri:  # Optuna would add its tables to those of MLflow.
        raise ValueError("MLflow uses this database; choose another")
    if "://" in address:
        for _ in range(N_TABLES):
            with suppress(*TAKEN):  # Another process is creating the same tables.
                return get_storage(address)
        return get_storage(address)
    Path(address).parent.mkdir(parents=True, exist_ok=True)
    # The other kind of lock is a symbolic link, which needs a privilege on Windows.
    return JournalStorage(JournalFileBackend(address, JournalFileOpenLock(address)))


def _run(study: Study, trial: Trial, split: data.Split, settings: Tune) -> str:
    """Train with the values of a trial, and describe the outcome."""
    losses: list[float] = []

    def report(values: dict[str, float], step: int) -> None:
        mlflow.log_metrics(values, step)
        if METRIC in values:
            losses.append(values[METRIC])
            trial.report(losses[-1], step)
            if not math.isfinite(losses[-1]) or trial.should_prune():
                raise TrialPruned(f"{METRIC} {losses[-1]:.4f} at step {step}")

    name = f"trial {trial.number}"
    with TemporaryDirectory() as scratch, mlflow.start_run(run_name=name, nested=True):
        chosen = settings.model_copy(update=trial.params | _paths(settings, Path(scratch)))
        mlflow.log_params(chosen.model_dump(mode="json"))
        try:
            model.fit(split.train, split.validation, chosen, report)
            study.tell(trial, _last(losses))
        except TrialPruned as stop:
            study.tell(trial, state=TrialState.PRUNED)
            mlflow.set_tag("stopped", str(stop))
            mlflow.end_run("KILLED")
            return f"{name} pruned, {stop}"
        except BaseException:
            study.tell(trial, state=TrialState.FAIL)
            raise
    return f"{name} complete, {METRIC} {losses[-1]:.4f}"


def _last(losses: list[float]) -> float:
    if not losses:
        raise UserError(f"model.fit reports no {METRIC!r}, which 'tune' needs to compare trials")
    return losses[-1]


def _paths(settings: Tune, folder: Path) -> dict[str, Path]:
    """Move files of a training, such as checkpoints, to a folder of the trial."""
    values = {name: getattr(settings, name) for name in Hyperparameters.model_fields}
    return {name: folder / path.name for name, path in values.items() if isinstance(path, Path)}


def _trials(study: Study, *states: TrialState) -> list[FrozenTrial]:
    return study.get_trials(deepcopy=False, states=states)


def _draw(study: Study) -> dict[str, Figure]:
    """Draw the loss of each trial and, after enough trials, the importance of hyperparameters."""
    complete = _trials(study, TrialState.COMPLETE)
    numbers, losses = [one.number for one in complete], [float(one.value or 0) for one in complete]
    figures = {"history": Figure(layout="constrained")}
    axes = figures["history"].subplots()
    axes.plot(numbers, losses, "o", label="trial")
    axes.plot(numbers, np.minimum.accumulate(losses), "-", label="best so far")
    axes.set(xlabel="Trial", ylabel=METRIC, title="Optimization history")
    figures["history"].legend(loc="outside lower center", ncols=2)  # Outside, it hides no trial.
    if len(complete) >= N_BEFORE_PRUNING:
        importances = optuna.importance.get_param_importances(study)
        figures["importances"] = Figure(layout="constrained")
        axes = figures["importances"].subplots()
        axes.barh([*importances][::-1], [*importances.values()][::-1])
        axes.set(xlabel=f"Importance for {METRIC}", title="Hyperparameter importance")
    return figures
