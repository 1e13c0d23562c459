"""Hyperparameter search, in one process or in several that share a study."""

COMMANDS = {"tune": "Search hyperparameters and write the best settings."}
