"""Explain predictions with SHAP values."""

COMMANDS = {"explain": "Explain predictions with SHAP values, and rank the features."}
