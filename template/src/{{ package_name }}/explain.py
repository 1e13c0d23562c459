"""Explain a model: which features decide, of each row and on the whole."""

import logging
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from . import attributions, data, environment, lineage, model, provenance, tracking
from .schema import UNLABELLED
from .settings import Settings, SplitRule
from .shapley import Attributions

log = logging.getLogger(__name__)

N_BACKGROUND = 100
"""Training rows that stand for all of them."""

FILES = ("attributions.parquet", "importance.parquet", "importance.png")

N_BARS = 20
"""Features in the picture, at most."""


def explain(settings: Settings) -> str:
    """Share out the predictions of some rows among the features, and write that down.

    The folder of reports gets ``attributions.parquet``: the number of each row in the file (from
    0), its predicted class, the base and a column of each feature's share, which add up to what the
    model says; and ``importance.parquet`` with ``importance.png``: the mean size of each share.

    Returns:
        One line with the most important features.

    Raises:
        ValueError: If a row breaks the schema, or there is no such model.
    """
    rows = data.read(Path(settings.input_path), UNLABELLED)
    chosen = rows.sample(min(settings.explained_rows, len(rows)), random_state=settings.seed)
    labelled = data.read(settings.data_path)
    digest = data.digest(labelled)
    with tracking.run("explain", settings):
        provenance.log(environment.read())
        lineage.log(rows, settings.input_path, data.digest(rows), "explain")
        lineage.log(labelled, settings.data_path, digest, "background")
        carried, rule = tracking.metadata(settings.model), tracking.recorded(settings.model)
        allowed = settings.allow_environment_drift
        environment.check(settings.model, carried, is_drift_allowed=allowed)
        if rule["data_sha256"] != digest:
            log.warning("%s was trained on other rows than %s", settings.model, settings.data_path)
        known = data.split(labelled, SplitRule.model_validate(rule)).train.features
        background = known.sample(min(N_BACKGROUND, len(known)), random_state=settings.seed)
        fitted = model.load(settings.model)
        chosen = chosen.sort_index()
        attributed = attributions.share(fitted, chosen, background)
        importance = rank(attributed, list(chosen.columns))
        folder = settings.reports_path
        data.write(table(attributed, chosen), folder / "attributions.parquet")
        data.write(importance, folder / "importance.parquet")
        draw(importance, attributions.UNIT).savefig(folder / "importance.png")
        tracking.log_files([folder / name for name in FILES])
    first = ", ".join(importance["feature"].head(3))
    return f"wrote {folder}: of {len(chosen)} rows, {first} decide most"


def table(attributed: Attributions, rows: pd.DataFrame) -> pd.DataFrame:
    """Write attributions as columns: row, prediction, base, and each feature under its own name."""
    found = pd.DataFrame(attributed.shares, columns=rows.columns)
    found.insert(0, "row", rows.index.to_numpy())
    found.insert(1, "prediction", attributed.prediction)
    found.insert(2, "base", attributed.base)
    return found


def rank(attributed: Attributions, features: list[str]) -> pd.DataFrame:
    """Order the features by the mean size of their shares, the largest first."""
    sizes = abs(attributed.shares).mean(axis=0)
    found = pd.DataFrame({"feature": features, "importance": sizes})
    return found.sort_values("importance", ascending=False, kind="stable", ignore_index=True)


def draw(importance: pd.DataFrame, unit: str) -> Figure:
    """Draw the most important features as bars, which suit rows of any kind."""
    first = importance.head(N_BARS)[::-1]  # Bars are drawn from the bottom.
    figure = Figure(figsize=(8, 1 + 0.3 * len(first)), layout="constrained")
    axes = figure.subplots()
    axes.barh(first["feature"], first["importance"])
    axes.set_xlabel(f"mean size of the share in the {unit} of the predicted class")
    axes.set_title(f"{len(first)} of {len(importance)} features", loc="left")
    axes.margins(y=0.01)
    return figure
