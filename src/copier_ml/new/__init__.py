"""Create a project in a new folder."""
