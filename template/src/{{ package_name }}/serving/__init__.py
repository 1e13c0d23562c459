"""Serve predictions over HTTP, and export a model so that it serves without the tracking store."""

COMMANDS = {
    "serve": "Answer predictions over HTTP until the process is stopped.",
    "export": "Write a registered model to a folder that serves without the tracking store.",
}
