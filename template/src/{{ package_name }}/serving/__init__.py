"""Serve predictions over HTTP, and export models for serving without the tracking store."""

COMMANDS = {
    "serve": "Serve predictions over HTTP.",
    "export": "Export a registered model to a folder, for serving without the tracking store.",
}
