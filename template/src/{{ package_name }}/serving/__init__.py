"""Serve predictions over HTTP, and export models for serving without the tracking store."""

from typing import Any

COMMANDS = {
    "serve": "Serve predictions over HTTP.",
    "export": "Export a registered model to a folder, for serving without the tracking store.",
}


def training_metadata(features: Any) -> dict[str, Any]:
    """Return the distribution of the training features, with which a service measures drift."""
    from . import drift

    return {"reference": drift.reference(features)}
