"""The commands ``serve`` and ``export``."""

import sys
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr

from ..cli import finish
from ..settings import PROJECT, Alerts, NotLogged, Options, UsesModel


class Serve(UsesModel, Alerts, Options):
    """Serve predictions over HTTP."""

    loading = "loading libraries" if sys.stderr.isatty() else ""  # Elsewhere, logs are JSON.

    model: Annotated[str, NotLogged] = f"models:/{PROJECT}"
    """Registered model, as for 'predict', or a folder that 'export' wrote."""

    host: Annotated[str, NotLogged] = "127.0.0.1"
    """Address to listen on; 0.0.0.0 is all addresses of the machine."""

    port: Annotated[int, NotLogged] = Field(default=8000, ge=1, le=65_535)
    """Port to listen on."""

    serve_token: Annotated[SecretStr | None, NotLogged] = Field(default=None, min_length=16)
    """Bearer token that /predict, /model and /reload require; if unset, they are open."""

    behind_proxy: Annotated[bool, NotLogged] = False
    """Confirm that a proxy controls access, so other machines need no token."""

    allowed_hosts: Annotated[list[str], NotLogged] = []
    """Accepted values of the Host header; by default those of this machine if the address is a
    loopback address, else any."""

    max_rows: Annotated[int, NotLogged] = Field(default=1000, ge=1, le=100_000)
    """Maximum number of rows per request."""

    max_body_bytes: Annotated[int, NotLogged] = Field(default=4 * 2**20, ge=2**10, le=2**30)
    """Maximum size of a request body."""

    request_timeout_s: Annotated[float, NotLogged] = Field(default=30, gt=0, le=3600)
    """Time limit of a request, and of the shutdown."""

    max_concurrency: Annotated[int, NotLogged] = Field(default=2, ge=1, le=64)
    """Maximum number of concurrent predictions; others wait."""

    max_connections: Annotated[int, NotLogged] = Field(default=256, ge=1, le=65_536)
    """Maximum number of connections; others are answered with 503."""

    drift_rows: Annotated[int, NotLogged] = Field(default=1000, ge=100, le=1_000_000)
    """Number of most recent rows to compare with the training rows."""

    drift_limit: Annotated[float | None, NotLogged] = Field(default=0.25, gt=0)
    """Population stability index (PSI) of a feature above which an alert is sent; null disables it.
    The limit is higher where so few rows would exceed it by chance."""

    def cli_cmd(self) -> None:
        from .serve import serve

        serve(self)


class Export(Options):
    """Export a registered model to a folder."""

    model: Annotated[str, NotLogged] = f"models:/{PROJECT}"
    """Registered model, as for 'predict'."""

    export_path: Annotated[Path, NotLogged] = Path("export/model")
    """Folder to write; a model in it is replaced."""

    def cli_cmd(self) -> None:
        from .deployment import export

        finish(f"wrote {export(self)} to {self.export_path}", f"serve --model {self.export_path}")


COMMANDS = {"serve": Serve, "export": Export}
