"""Explain predictions with SHAP values: how much each feature contributes to each prediction.

Source: Lundberg and Lee, A Unified Approach to Interpreting Model Predictions, NeurIPS 2017.
"""

import logging
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import shap
from matplotlib.figure import Figure
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from .. import data, files, metrics, model, tracking
from ..schema import UNLABELLED
from ..settings import SplitRule
from .commands import Explain

N_BACKGROUND = 20
"""Training rows that supply the values of a feature that is masked."""

N_BARS = 20
"""Maximum number of features in the figure."""

log = logging.getLogger(__name__)

for noisy in ("numba", "shap"):
    logging.getLogger(noisy).setLevel(logging.ERROR)


def explain(settings: Explain) -> str:
    """Explain the predictions of a sample of rows, and rank the features by importance.

    Writes ``attributions.parquet`` (see ``attribute``) and ``importance.png``.

    Returns:
        One line with the most important features.

    Raises:
        UserError: If a row violates the schema, or there is no such model or file.
    """
    rows = data.prepare(data.read(settings.input_path, UNLABELLED))
    labeled = data.read(settings.data_path)
    paths = [settings.reports_path / name for name in ("attributions.parquet", "importance.png")]
    with tracking.run("explain", settings):
        tracking.log_rows(labeled, settings.data_path, data.checksum(labeled), "background")
        version, folder = tracking.fetch(settings)
        rule = SplitRule.model_validate(tracking.recorded(version))
        known = data.split(labeled, rule).train.features
        background = known.sample(min(N_BACKGROUND, len(known)), random_state=rule.seed)
        chosen = rows.sample(min(settings.explained_rows, len(rows)), random_state=rule.seed)
        fitted = model.load(folder)
        found = attribute(fitted, chosen.sort_index(), background, rule.seed)
        importance = found[list(chosen)].abs().mean().sort_values(ascending=False)
        with files.replacing(paths[0]) as part:
            found.to_parquet(part, index=False)
        with files.replacing(paths[1]) as part:
            _draw(importance).savefig(part, format="png")
        for path in paths:
            mlflow.log_artifact(str(path))
    names = ", ".join(map(str, importance.index[:3]))
    return f"wrote {paths[0]} and {paths[1].name} ({len(chosen)} rows); top features: {names}"


def attribute(fitted: Any, rows: pd.DataFrame, background: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Compute the SHAP values of each row for its prediction: a class's probability or a number.

    Returns:
        Columns ``row`` (number of the row in the input), ``prediction``, ``base`` (mean prediction
        on the background) and one per feature: ``base`` and the features add up to the prediction.
    """
    # SHAP needs numbers, so the values of each column are numbered, whatever their type.
    pool = pd.concat([background, rows])
    numbered = {name: pd.factorize(pool[name], use_na_sentinel=False) for name in pool}
    codes = np.column_stack([number for number, _ in numbered.values()])

    def predict(codes: Any) -> metrics.Predictions:
        columns = zip(numbered.items(), np.asarray(codes, dtype=np.int64).T, strict=True)
        table = {name: values.take(column) for (name, (_, values)), column in columns}
        return model.predict(fitted, pd.DataFrame(table))

    masker = shap.maskers.Independent(codes[: len(background)])
    explainer = shap.PermutationExplainer(predict, masker, seed=seed)
    budget = 2 * len(numbered) + 1  # One random order of the features, in both directions.
    probabilities = model.predict(fitted, rows)
    best = probabilities.argmax(axis=1)  # 0 where the prediction is a number.
    attributions, base = np.zeros(rows.shape), np.zeros(len(rows))
    # One row per call: with more, SHAP 0.51 also computes main effects, which doubles the time.
    with threadpool_limits(1):  # For batches this small, threads cost more than they save.
        for row in (bar := tqdm(range(len(rows)), unit="row", disable=None)):
            if bar.disable and row % 10 == 0:
                log.info("explaining row %d of %d", row + 1, len(rows))
            found = explainer(
                codes[[len(background) + row]], max_evals=budget, batch_size=budget, silent=True
            )
            # SHAP drops the last axis of a single output.
            values = found.values.reshape(rows.shape[1], -1)  # noqa: PD011  (not of pandas)
            attributions[row] = values[:, best[row]]
            base[row] = np.ravel(found.base_values)[best[row]]
    table = pd.DataFrame(attributions, columns=rows.columns)
    table.insert(0, "row", rows.index)
    table.insert(1, "prediction", metrics.table(probabilities)["prediction"].to_numpy())
    table.insert(2, "base", base)
    return table


def _draw(importance: pd.Series) -> Figure:
    first = importance.head(N_BARS)[::-1]  # barh draws from the bottom up.
    figure = Figure(figsize=(8, 1 + 0.3 * len(first)), layout="constrained")
    axes = figure.subplots()
    axes.barh(first.index, first)
    title = f"Feature importance ({len(first)} of {len(importance)} features)"
    axes.set(xlabel="Mean absolute SHAP value", title=title)
    return figure
