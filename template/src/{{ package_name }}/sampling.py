"""How the next trial of a study is drawn, and which trial is stopped early."""

from typing import Any

import numpy as np
from optuna import Study
from optuna.distributions import BaseDistribution
from optuna.pruners import BasePruner, MedianPruner
from optuna.samplers import BaseSampler, TPESampler
from optuna.trial import FrozenTrial

N_COMPLETE = 5
"""Trials that nothing stops, before a median of them says anything."""


class Sampler(BaseSampler):
    """TPE with a seed for each trial: processes that share a study draw no trial alike."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._tpe = TPESampler(seed=seed)

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        mixed = np.random.SeedSequence((self._seed, trial.number)).generate_state(1)[0]
        self._tpe = TPESampler(seed=int(mixed))
        self._tpe.before_trial(study, trial)

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        return self._tpe.infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        return self._tpe.sample_relative(study, trial, search_space)

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        return self._tpe.sample_independent(study, trial, param_name, param_distribution)


def pruner() -> BasePruner:
    """Stop a trial that is worse than the median of the complete trials at the same step.

    Hyperband may save more, but each of its brackets needs as many trials as a whole search has
    here: some dozens.
    """
    return MedianPruner(n_startup_trials=N_COMPLETE, n_min_trials=N_COMPLETE)
