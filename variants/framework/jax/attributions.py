"""How a prediction is shared out among the features, by this framework's fastest way."""

from functools import partial

import pandas as pd
from jax import export

from . import shapley
from .model import predict_proba

UNIT = "probability"
"""What is shared out."""


def share(
    model: export.Exported, features: pd.DataFrame, background: pd.DataFrame
) -> shapley.Attributions:
    """Share out the probability of each row's predicted class."""
    return shapley.permutation(partial(predict_proba, model), features, background)
