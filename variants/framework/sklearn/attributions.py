"""How a prediction is shared out among the features, by this framework's fastest way."""

import numpy as np
import pandas as pd
import shap
from sklearn.pipeline import Pipeline

from . import shapley

UNIT = "score"
"""What is shared out: the sum of a class's trees, which softmax makes a probability of."""


def share(
    model: Pipeline,
    features: pd.DataFrame,
    background: pd.DataFrame,  # noqa: ARG001  (the trees know how many rows each leaf got)
) -> shapley.Attributions:
    """Share out the score of each row's predicted class, exactly."""
    varying, booster = model["varying"], model["booster"]
    explainer = shap.TreeExplainer(booster, feature_perturbation="tree_path_dependent")
    kept = varying.transform(features)
    values = np.zeros((*features.shape, len(booster.classes_)))  # A dropped column has no share.
    values[:, varying.get_support()] = explainer.shap_values(kept)
    return shapley.of_predicted(values, explainer.expected_value, booster.decision_function(kept))
