"""The commands that serve and export a model."""

import sys
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr

from ..cli import finish
from ..settings import PROJECT, Alerts, NotLogged, Options, UsesModel


class Serve(UsesModel, Alerts, Options):
    """Answer predictions over HTTP."""

    loading = "loading libraries" if sys.stderr.isatty() else ""  # Elsewhere, logs are JSON.

    model: Annotated[str, NotLogged] = f"models:/{PROJECT}"
    """Registered model, as for 'predict', or a folder that 'export' wrote."""

    host: Annotated[str, NotLogged] = "127.0.0.1"
    """Address to listen on; 0.0.0.0 is every address of the machine."""

    port: Annotated[int, NotLogged] = Field(default=8000, ge=1, le=65_535)
    """Port to listen on."""

    serve_token: Annotated[SecretStr | None, NotLogged] = Field(default=None, min_length=16)
    """Bearer token that /predict, /model and /reload require; unset, they are open."""

    behind_proxy: Annotated[bool, NotLogged] = False
    """Confirm that a proxy controls access, so that no token is needed beyond this machine."""

    allowed_hosts: Annotated[list[str], NotLogged] = []
    """Values of the Host header to accept; unset, those of this machine on a loopback address,
    any elsewhere."""

    max_rows: Annotated[int, NotLogged] = Field(default=1000, ge=1, le=100_000)
    """Maximum rows of a request."""

    max_body_bytes: Annotated[int, NotLogged] = Field(default=4 * 2**20, ge=2**10, le=2**30)
    """Maximum size of a request."""

    request_timeout_s: Annotated[float, NotLogged] = Field(default=30, gt=0, le=3600)
    """Time limit of a prediction, from its first byte on, and of the shutdown."""

    max_concurrency: Annotated[int, NotLogged] = Field(default=2, ge=1, le=64)
    """Predictions that are computed at the same time; others wait."""

    max_connections: Annotated[int, NotLogged] = Field(default=256, ge=1, le=65_536)
    """Connections at the same time; others are answered with 503."""

    drift_rows: Annotated[int, NotLogged] = Field(default=1000, ge=100, le=1_000_000)
    """Number of newest rows to compare with the training rows."""

    drift_limit: Annotated[float | None, NotLogged] = Field(default=0.25, gt=0)
    """Population stability index of a feature above which an alert is sent; null sends none. It is
    higher where so few rows exceed it without drift."""

    def cli_cmd(self) -> None:
        from .serve import serve

        serve(self)


class Export(Options):
    """Write a registered model to a folder."""

    model: Annotated[str, NotLogged] = f"models:/{PROJECT}"
    """Registered model, as for 'predict'."""

    export_path: Annotated[Path, NotLogged] = Path("export/model")
    """Folder to write; a model that it holds is replaced."""

    def cli_cmd(self) -> None:
        from .export import export

        finish(f"wrote {export(self)} to {self.export_path}", f"serve --model {self.export_path}")


COMMANDS = {"serve": Serve, "export": Export}
