"""The model: the only module that knows the framework."""

import os
import re
import zlib
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import Any
from zipfile import BadZipFile

os.environ.setdefault("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")  # A pickle can run any code.

import mlflow.sklearn
import numpy as np
import pandas as pd
from mlflow.models import infer_signature
from numpy.typing import NDArray
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OrdinalEncoder
from threadpoolctl import ThreadpoolController
from tqdm import tqdm

from . import metrics
from .data import Rows
from .errors import UserError
from .schema import CLASSES
from .settings import Settings
from .tracking import Report

DAMAGED = (BadZipFile, EOFError, LookupError, NotImplementedError, OSError, zlib.error)
N_STAGES = 5
"""Stages of a training; each reports progress and validation loss."""

SMALL_FIT, SMALL_PREDICTION = 1_000_000, 100_000
"""Maximum number of values in a table for which one thread is faster than two that wait for each
other."""

OPENMP = ThreadpoolController().select(user_api="openmp")
N_CATEGORIES = 254
"""Maximum categories of a column; the rarest ones share a code."""

TRUSTED = [
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "functools.partial",  # Of the next one, in trees with categories; skops checks of what, too.
    "sklearn.utils.validation.check_array",
]
"""Types that skops may load besides its own list. A tree predictor does not check its node indices:
load models only from a tracking store that you trust."""


def fit(train: Rows, validation: Rows, settings: Settings, report: Report) -> Pipeline:
    """Fit boosted trees on the training rows.

    Each stage is reported with its loss on the validation rows.
    """
    # Saving needs skops, which takes a second to import: do it while trees grow.
    Thread(target=import_module, args=["skops.io"], daemon=True).start()
    texts = [name for name in train.features if train.features[name].dtype == object]
    make = HistGradientBoostingClassifier if CLASSES else HistGradientBoostingRegressor
    booster = make(
        learning_rate=settings.learning_rate,
        max_leaf_nodes=settings.max_leaf_nodes,
        min_samples_leaf=settings.min_samples_leaf,
        max_features=settings.max_features,
        categorical_features=[*range(len(texts))] or None,
        early_stopping=False,
        random_state=settings.seed,
        warm_start=True,
    )
    # Trees take categories as codes; an unknown category counts as missing.
    encoder = OrdinalEncoder(
        handle_unknown="use_encoded_value",
        unknown_value=np.nan,
        encoded_missing_value=np.nan,
        max_categories=N_CATEGORIES,
    )
    columns = make_column_transformer((encoder, texts), remainder="passthrough")
    model = Pipeline([("columns", columns), ("booster", booster)])
    # Targets are class indices in the schema.
    target = pd.Categorical(train.target, CLASSES).codes if CLASSES else train.target
    n_stages = min(N_STAGES, settings.max_iter)
    n_threads = settings.threads or (1 if train.features.size <= SMALL_FIT else None)
    with OPENMP.limit(limits=n_threads):
        bar = tqdm(total=settings.max_iter, unit="iteration", disable=None, leave=None)
        for stage in range(1, n_stages + 1):
            booster.set_params(max_iter=settings.max_iter * stage // n_stages)
            model.fit(train.features, target)
            bar.update(booster.max_iter - bar.n)
            found = metrics.scores(validation.target, predict(model, validation.features))
            loss = found["log_loss" if CLASSES else "rmse"]
            report({"validation_loss": loss}, booster.max_iter)
        bar.close()
    return model


def predict(model: Pipeline, features: pd.DataFrame) -> NDArray[np.float64]:
    """Predict probabilities, shape (n_rows, n_classes), or a number, shape (n_rows, 1)."""
    with OPENMP.limit(limits=1 if features.size <= SMALL_PREDICTION else None):
        if not CLASSES:
            return np.asarray(model.predict(features)).reshape(-1, 1)
        return np.asarray(model.predict_proba(features))


def save(model: Pipeline, example: pd.DataFrame, name: str, **facts: Any) -> str:
    """Register a model as the newest version of ``name``, and return the version.

    Args:
        model: The fitted model.
        example: Some rows of features.
        name: Name of the registered model.
        facts: Requirements and metadata, for MLflow's ``log_model``.

    Raises:
        UserError: If the model has untrusted types.
    """
    try:
        info = mlflow.sklearn.log_model(
            model,
            name="model",
            input_example=example,
            signature=infer_signature(example, predict(model, example)),
            pyfunc_predict_fn="predict_proba" if CLASSES else "predict",
            registered_model_name=name,
            serialization_format="skops",
            skops_trusted_types=TRUSTED,
            **facts,
        )
    except mlflow.MlflowException as error:
        if "untrusted types" not in str(error):
            raise
        raise UserError(_name_types("the model", error)) from None
    return str(info.registered_model_version)


def load(folder: Path) -> Pipeline:
    """Load a model from its folder.

    Raises:
        UserError: If its file is damaged, or has untrusted types.
    """
    import skops.io  # Late, as above.
    from skops.io.exceptions import UntrustedTypesFoundException

    path = folder / "model.skops"
    try:
        model: Pipeline = skops.io.load(path, trusted=TRUSTED)
    except UntrustedTypesFoundException as error:
        raise UserError(_name_types(path, error)) from None
    except DAMAGED as error:
        raise UserError(f"{path} cannot be loaded, it may be damaged: {error}") from error
    return model


def _name_types(place: object, error: Exception) -> str:
    types = re.findall(r"\[.*?\]", str(error)) or [str(error)]
    return f"{place} has untrusted types: {types[-1]}; add those you trust to TRUSTED in model.py"
