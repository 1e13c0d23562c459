"""Search space: the distribution of each hyperparameter that ``tune`` varies.

Change it together with ``hyperparameters.py``. A hyperparameter that is not listed keeps its value.
"""

from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution

SPACE: dict[str, BaseDistribution] = {
    "learning_rate": FloatDistribution(0.02, 0.5, log=True),
    "max_leaf_nodes": IntDistribution(4, 64, log=True),
    "min_samples_leaf": IntDistribution(1, 50, log=True),
    "max_features": FloatDistribution(0.05, 1, log=True),
}
"""Do not search the length of a training: trials are compared at equal steps."""
