"""Batch predictions of a folder, local or in an object store."""

COMMANDS = {"batch": "Predict each file of a folder, local or in an object store."}
