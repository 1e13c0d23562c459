"""The model: the only module that knows the framework."""

import os
import zlib
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

os.environ.setdefault("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")  # A pickle can run any code.

import mlflow.sklearn
import numpy as np
import pandas as pd
import skops.io
from mlflow.models import infer_signature
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.feature_selection import VarianceThreshold
from sklearn.metrics import log_loss
from sklearn.pipeline import Pipeline
from skops.io.exceptions import UntrustedTypesFoundException
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from .data import Rows
from .errors import UserError
from .settings import Settings
from .tracking import Report

DAMAGED = (BadZipFile, EOFError, LookupError, NotImplementedError, OSError, zlib.error)
N_STAGES = 5
"""Stages of a training; progress and loss are reported after each."""

TRUSTED = ["sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor"]
"""Types that skops may load besides its own list, whatever a model's files say. A tree predictor
does not check its node indices: load models from a tracking store that you trust."""


def fit(train: Rows, validation: Rows, settings: Settings, report: Report) -> Pipeline:
    """Fit boosted trees on the training rows; pixels that never vary are dropped first.

    Each stage is reported with its validation loss.
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
    n_stages = min(N_STAGES, settings.max_iter)
    with threadpool_limits(settings.threads):
        stages = range(1, n_stages + 1)
        for stage in tqdm(stages, unit="stage", disable=None, leave=None):
            booster.set_params(max_iter=settings.max_iter * stage // n_stages)
            model.fit(train.features, train.target)
            loss = log_loss(validation.target, predict_proba(model, validation.features))
            report({"validation_loss": loss}, booster.max_iter)
    return model


def predict_proba(model: Pipeline, features: pd.DataFrame) -> NDArray[np.float64]:
    """Predict probabilities: shape (n_rows, n_features) in, shape (n_rows, n_classes) out."""
    return np.asarray(model.predict_proba(features))


def save(model: Pipeline, example: pd.DataFrame, name: str, **facts: Any) -> str:
    """Register a model as the newest version of ``name``, and return the version.

    Args:
        model: What ``fit`` returned.
        example: Some rows of features.
        name: Name of the registered model.
        facts: Requirements and metadata, for MLflow's ``log_model``.
    """
    info = mlflow.sklearn.log_model(
        model,
        name="model",
        input_example=example,
        signature=infer_signature(example, predict_proba(model, example)),
        pyfunc_predict_fn="predict_proba",
        registered_model_name=name,
        serialization_format="skops",
        skops_trusted_types=TRUSTED,
        **facts,
    )
    return str(info.registered_model_version)


def load(folder: Path) -> Pipeline:
    """Load a model from its folder.

    Raises:
        UserError: If its file is damaged, or has types that are not trusted.
    """
    path = folder / "model.skops"
    try:
        model: Pipeline = skops.io.load(path, trusted=TRUSTED)
    except UntrustedTypesFoundException as error:
        raise UserError(f"{path}: {error}; TRUSTED in model.py lists those that are") from None
    except DAMAGED as error:
        raise UserError(f"{path} cannot be loaded, it may be damaged: {error}") from error
    return model
