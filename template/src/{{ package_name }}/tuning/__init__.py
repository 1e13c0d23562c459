"""Hyperparameter search, in one process or by several workers that share a study."""

COMMANDS = {"tune": "Search hyperparameters, and write the best ones."}
