"""The model: the only module that knows the framework."""

import hashlib
import json
import math
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any, NamedTuple

import mlflow.pyfunc
import numpy as np
import pandas as pd
import xgboost
from mlflow.models import infer_signature
from numpy.typing import NDArray
from tqdm import tqdm

from . import metrics
from .data import Rows
from .errors import UserError
from .schema import CLASSES
from .settings import Settings
from .tracking import Report

FOLDER = Path("data/xgboost")
"""Folder of the files in a saved model."""

TREES, COLUMNS = "trees.ubj", "columns.json"
N_REPORTS = 10
"""Number of reports of a training."""


class Model(NamedTuple):
    """Trees, and the features of their training."""

    booster: xgboost.Booster

    columns: dict[str, list[str] | None]
    """Features in the order of the training, each with its categories; None for numbers."""


def fit(train: Rows, validation: Rows, settings: Settings, report: Report) -> Model:
    """Fit boosted trees on the training rows.

    About ``N_REPORTS`` rounds are reported, each with the loss on the validation rows.
    """
    columns = {
        str(name): sorted(column.dropna().unique()) if column.dtype == object else None
        for name, column in train.features.items()
    }
    # Targets are class indices in the schema.
    target = pd.Categorical(train.target, CLASSES).codes if CLASSES else train.target
    names = {"learning_rate", "max_depth", "min_child_weight", "subsample", "colsample_bytree"}
    params = _objective() | settings.model_dump(include=names | {"reg_lambda", "seed"})
    params["nthread"] = settings.threads or 0
    rows = xgboost.DMatrix(_encode(train.features, columns), target)
    model = Model(xgboost.Booster(params, [rows]), columns)
    n_between = math.ceil(settings.n_estimators / N_REPORTS)
    rounds = range(1, settings.n_estimators + 1)
    for number in tqdm(rounds, unit="round", disable=None, leave=None):
        model.booster.update(rows, number - 1)
        if number % n_between == 0 or number == settings.n_estimators:
            found = metrics.scores(validation.target, predict(model, validation.features))
            report({"validation_loss": found["log_loss" if CLASSES else "rmse"]}, number)
    return model


def predict(model: Model, features: pd.DataFrame) -> NDArray[np.float64]:
    """Predict class probabilities or a number, shape (n_rows, n_classes) or (n_rows, 1)."""
    rows = xgboost.DMatrix(_encode(features, model.columns))
    found = np.asarray(model.booster.predict(rows), np.float64)
    if len(CLASSES) == 2:  # Trees return the probability of the second class.
        return np.column_stack([1 - found, found])
    return found.reshape(-1, max(1, len(CLASSES)))


def save(model: Model, example: pd.DataFrame, name: str, **facts: Any) -> str:
    """Register a model as the newest version of ``name``, and return the version.

    Args:
        model: The fitted model.
        example: Some rows of features.
        name: Name of the registered model.
        facts: Requirements and metadata, for MLflow's ``log_model``.
    """
    trees = bytes(model.booster.save_raw("ubj"))
    beside = {"columns": model.columns, "sha256": hashlib.sha256(trees).hexdigest()}
    with TemporaryDirectory() as scratch:
        folder = Path(scratch, FOLDER.name)
        folder.mkdir()
        (folder / TREES).write_bytes(trees)
        (folder / COLUMNS).write_text(json.dumps(beside, indent=1), encoding="utf-8")
        info = mlflow.pyfunc.log_model(
            name="model",
            loader_module=__name__,
            data_path=folder,
            input_example=example,
            signature=infer_signature(example, predict(model, example)),
            registered_model_name=name,
            **facts,
        )
    return str(info.registered_model_version)


def load(folder: Path) -> Model:
    """Load a model from its folder.

    Raises:
        UserError: If one of its files is damaged or missing.
    """
    path = folder / FOLDER
    reason = f"{TREES} does not have the checksum in {COLUMNS}"
    try:
        beside = json.loads((path / COLUMNS).read_text(encoding="utf-8"))
        trees = (path / TREES).read_bytes()
        # XGBoost itself may crash on a damaged file.
        if hashlib.sha256(trees).hexdigest() == beside["sha256"]:
            return Model(xgboost.Booster(model_file=bytearray(trees)), beside["columns"])
    except (OSError, LookupError, TypeError, ValueError) as error:
        reason = str(error).partition("\n")[0]
    raise UserError(f"{path} cannot be loaded, it may be damaged: {reason}")


def _load_pyfunc(path: str) -> SimpleNamespace:
    """Load a model for MLflow, such as for ``mlflow models serve``."""
    model = load(Path(path).parents[1])
    return SimpleNamespace(predict=lambda features: predict(model, features))


def _objective() -> dict[str, Any]:
    """Return the objective for XGBoost."""
    if len(CLASSES) == 2:
        return {"objective": "binary:logistic"}
    if CLASSES:
        return {"objective": "multi:softprob", "num_class": len(CLASSES)}
    return {"objective": "reg:squarederror"}


def _encode(features: pd.DataFrame, columns: dict[str, list[str] | None]) -> NDArray[np.float64]:
    """Return features as numbers, shape (n_rows, n_features); unknown categories are missing."""
    numbers = {
        name: features[name]
        if categories is None
        else features[name].map({text: number for number, text in enumerate(categories)})
        for name, categories in columns.items()
    }
    return pd.DataFrame(numbers).to_numpy(np.float64)
