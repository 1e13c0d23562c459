"""The model: the only module that knows the framework."""

import zlib
from zipfile import BadZipFile

import mlflow.sklearn
import numpy as np
import pandas as pd
from mlflow.models import infer_signature
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.feature_selection import VarianceThreshold
from sklearn.metrics import log_loss
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from . import progress, registry
from .card import Card
from .data import Rows
from .settings import Settings

N_PARTS = 5
"""Parts that a training is divided into; progress and loss are told after each."""

TRUSTED = ["sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor"]
"""Types that skops may load besides its own list. A tree predictor does not check its node indices:
load models from a tracking store that you trust."""


def fit(train: Rows, validation: Rows, settings: Settings, report: progress.Report) -> Pipeline:
    """Fit boosted trees on the training rows; pixels that never vary are dropped first.

    Each part of the training is reported with its validation loss.
    """
    booster = HistGradientBoostingClassifier(
        learning_rate=settings.learning_rate,
        max_leaf_nodes=settings.max_leaf_nodes,
        min_samples_leaf=settings.min_samples_leaf,
        max_features=settings.max_features,
        early_stopping=False,
        random_state=settings.seed,
        warm_start=True,
    )
    model = Pipeline([("varying", VarianceThreshold()), ("booster", booster)])
    n_parts = min(N_PARTS, settings.max_iter)
    with threadpool_limits(settings.threads):
        for part in progress.steps(1, n_parts, unit="part"):
            booster.set_params(max_iter=settings.max_iter * part // n_parts)
            model.fit(train.features, train.target)
            loss = log_loss(validation.target, predict_proba(model, validation.features))
            report({"validation_loss": loss}, booster.max_iter)
    return model


def predict_proba(model: Pipeline, features: pd.DataFrame) -> NDArray[np.float64]:
    """Predict probabilities: shape (n_rows, n_features) in, shape (n_rows, n_classes) out."""
    return np.asarray(model.predict_proba(features))


def save(model: Pipeline, example: pd.DataFrame, name: str, card: Card) -> str:
    """Register a model as the newest version of ``name`` and return its URI."""
    info = mlflow.sklearn.log_model(
        model,
        name="model",
        input_example=example,
        signature=infer_signature(example, predict_proba(model, example)),
        pyfunc_predict_fn="predict_proba",
        registered_model_name=name,
        serialization_format="skops",
        skops_trusted_types=TRUSTED,
        pip_requirements=card.requirements,
        metadata=card.metadata,
    )
    return f"models:/{name}/{info.registered_model_version}"


def load(uri: str) -> Pipeline:
    """Load a registered model.

    Raises:
        ValueError: If its files are damaged.
    """
    with registry.intact(uri, BadZipFile, EOFError, NotImplementedError, zlib.error):
        model: Pipeline = mlflow.sklearn.load_model(uri)
    return model
