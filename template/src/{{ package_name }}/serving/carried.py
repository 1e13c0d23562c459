"""Metadata of each trained model, by which a service measures drift."""

from typing import Any

import pandas as pd

from . import drift


def facts(features: pd.DataFrame) -> dict[str, Any]:
    """Describe the distribution of the training features."""
    return {"reference": drift.reference(features)}
