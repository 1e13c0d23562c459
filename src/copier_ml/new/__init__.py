"""Start a project in a new folder."""
