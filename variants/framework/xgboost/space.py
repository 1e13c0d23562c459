"""Search space: the distribution of each hyperparameter that ``tune`` varies.

Change it together with ``hyperparameters.py``. A hyperparameter that is not listed keeps its value.
"""

from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution

SPACE: dict[str, BaseDistribution] = {
    "learning_rate": FloatDistribution(0.01, 0.5, log=True),
    "max_depth": IntDistribution(2, 10),
    "min_child_weight": FloatDistribution(0.1, 50, log=True),
    "subsample": FloatDistribution(0.4, 1),
    "colsample_bytree": FloatDistribution(0.2, 1),
    "reg_lambda": FloatDistribution(1e-3, 30, log=True),
}
"""Do not search the length of a training: trials are compared at equal steps."""
