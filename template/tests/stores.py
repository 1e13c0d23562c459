"""Databases of tests: quick to make, and quick to change."""

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event


def make(path: Path) -> Path:
    """Make a tracking store that knows nothing yet; MLflow takes more than a second for that."""
    from mlflow import MlflowClient  # Late: the process that hands out the tests needs none of it.

    MlflowClient(f"sqlite:///{path.as_posix()}").search_experiments()
    return path


def hurry() -> None:
    """Let no database of this process wait for the disk: no test outlives a power failure."""

    @event.listens_for(Engine, "connect")
    def leave_writing_to_the_system(connection: Any, _: Any) -> None:
        if isinstance(connection, sqlite3.Connection):
            connection.execute("PRAGMA synchronous = OFF")
