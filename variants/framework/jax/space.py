"""Search space: the distribution of each hyperparameter that ``tune`` varies.

Change it together with ``hyperparameters.py``. A hyperparameter that is not listed keeps its value.
"""

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

SPACE: dict[str, BaseDistribution] = {
    "batch_size": CategoricalDistribution((32, 64, 128)),
    "learning_rate": FloatDistribution(2e-4, 2e-2, log=True),
    "weight_decay": FloatDistribution(1e-3, 1, log=True),
    "n_hidden": IntDistribution(32, 512, log=True),
    "dropout": FloatDistribution(0, 0.6),
}
