"""Search hyperparameters: many trainings, judged on the rows that watch a training."""

import logging
import math
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from optuna import Trial, TrialPruned
from optuna.trial import FrozenTrial

from . import (
    charts,
    data,
    database,
    environment,
    lineage,
    metrics,
    model,
    predictions,
    progress,
    provenance,
    search,
    study,
    tracking,
)
from .hyperparameters import Hyperparameters
from .settings import Settings, SplitRule

log = logging.getLogger(__name__)

METRIC = "validation_loss"
"""What a trial is judged by: at its end and, where the model reports it, at each step."""


def tune(settings: Settings) -> str:
    """Run the trials that a study lacks, and write the settings of its best trial.

    Nothing looks at the rows that are held out for the test.

    Returns:
        One line with the best value.

    Raises:
        ValueError: If the study was made with other rows, ranges or settings.
    """
    rows = data.read(settings.data_path)
    parts, digest = data.split(rows, settings), data.digest(rows)

    with database.connection(settings):
        opened = database.open_database(settings, tracking.kill)
        joined = study.join(settings, opened, _basis(settings, digest))
        with tracking.run("tune", settings):
            lineage.log(rows, settings.data_path, digest, "train")
            provenance.log(environment.read())
            with progress.counter(settings.trials, unit="trial") as show:
                study.finish(joined, lambda trial: _try(trial, parts, settings), settings, show)
            best = study.best(joined)
            tracking.log({METRIC: best.values[0]})
            for name, figure in charts.of_study(joined, METRIC).items():
                tracking.log_figure(figure, f"{name}.png")
    _write(best, settings)
    return f"best {METRIC} {best.value:.4f} is of trial {best.number}: wrote {settings.tuned_path}"


def _try(trial: Trial, parts: data.Split, settings: Settings) -> float:
    """Train with the values of a trial, and score the model on the validation rows."""
    chosen = settings.model_copy(update=search.suggest(trial, Hyperparameters))
    last_step = 0

    def report(values: dict[str, float], step: int) -> None:
        nonlocal last_step
        last_step = step
        tracking.log(values, step)
        if METRIC in values:
            trial.report(values[METRIC], step)
            if not math.isfinite(values[METRIC]) or trial.should_prune():
                raise TrialPruned(f"{METRIC} {values[METRIC]:.4f} at step {step}")

    name = f"trial {trial.number}"
    with TemporaryDirectory() as folder, tracking.part(name, chosen, TrialPruned) as run_id:
        trial.set_user_attr(database.RUN, run_id)
        with progress.hidden():
            fitted = model.fit(parts.train, parts.validation, chosen.apart(Path(folder)), report)
        probabilities = model.predict_proba(fitted, parts.validation.features)
        predicted = predictions.classes(probabilities)
        scores = metrics.classification(parts.validation.target, predicted)
        loss = metrics.loss(parts.validation.target, probabilities)
        found = {METRIC: loss} | {f"validation_{name}": scores[name] for name in scores}
        tracking.log(found, last_step)
        if not math.isfinite(loss):  # A failed trial would not count, and be drawn for ever.
            raise TrialPruned(f"{METRIC} {loss}")
    return loss


def _basis(settings: Settings, digest: str) -> dict[str, Any]:
    """Collect what decides a trial's value besides the values that it draws."""
    ranges = search.space(Hyperparameters)
    fixed = settings.model_dump(mode="json", include={*Hyperparameters.model_fields} - {*ranges})
    rule = settings.model_dump(mode="json", include={*SplitRule.model_fields})
    named = {f"range of {name}": str(place) for name, place in ranges.items()}
    return {"data_sha256": digest} | rule | fixed | named


def _write(best: FrozenTrial, settings: Settings) -> None:
    """Write settings for ``--config``, whole or not at all: how rows are divided among them."""
    names = {*Hyperparameters.model_fields, *SplitRule.model_fields}
    values = settings.model_dump(mode="json", include=names) | best.params
    told = f"# Study {settings.study}, trial {best.number}: {METRIC} {best.value:.6f}\n"
    data.write_text(told + yaml.safe_dump(values, sort_keys=False), settings.tuned_path)
