"""Predict the files of a folder, on this machine or in an object store."""

COMMANDS = {"batch": "Predict each file of a folder, also in an object store."}
