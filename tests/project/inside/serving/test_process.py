"""The process: how it starts, what it logs, and how it ends."""

import json
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from my_ml_project.serving import telemetry
from my_ml_project.settings import PROJECT

from ..conftest import CommandLine
from .conftest import NOWHERE, Service, rows


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def wait_for(url: str) -> None:
    for _ in range(300):
        try:
            if httpx.get(url, trust_env=False).status_code == 200:
                return
        except httpx.ConnectError:
            pass
        time.sleep(0.2)
    pytest.fail(f"{url} does not answer")


def test_a_process_serves_a_folder_and_stops_after_its_requests(
    exported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    monkeypatch.setenv(f"{PROJECT}_TRACKING_URI".upper(), NOWHERE)
    command = [sys.executable, "-m", PROJECT, "serve", "--model", str(exported)]
    with subprocess.Popen(  # noqa: S603  (our own)
        [*command, "--port", str(port)], stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            wait_for(f"http://127.0.0.1:{port}/ready")
            body = json.dumps({"rows": rows(1)}).encode()
            with socket.create_connection(("127.0.0.1", port)) as client:
                client.sendall(b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: ")
                client.sendall(b"%d\r\n\r\n%b" % (len(body), body[:100]))
                time.sleep(0.2)
                os.kill(process.pid, signal.SIGTERM)
                time.sleep(0.5)
                client.sendall(body[100:])  # It is stopping, and waits for the rest.
                assert client.recv(100).startswith(b"HTTP/1.1 200 OK")
            logged = process.communicate(timeout=30)[1].splitlines()
        finally:
            process.kill()
    assert process.returncode == 0
    requests_logged = [one for one in map(json.loads, logged) if one["message"] == "request"]
    assert requests_logged[-1]["n_rows"] == 1


def test_a_model_that_does_not_exist_ends_the_process_with_one_line(
    command: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging, "basicConfig", lambda **_: None)  # The test's own log stays.
    code, line = command.refuse("serve", "--port", str(free_port()), "--model", "nowhere")
    assert code == 1
    assert "nowhere is not a folder with a model" in line


def test_a_request_has_an_id_and_a_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    client = Service(None)
    given = {"X-Request-ID": "order-7.1"}
    assert client.get("/health", headers=given).headers["X-Request-ID"] == "order-7.1"
    for wrong in ("", "a b", '"}', "x" * 65):
        made = client.get("/health", headers={"X-Request-ID": wrong}).headers["X-Request-ID"]
        assert len(made) == 32
    found = [record for record in caplog.records if record.getMessage() == "request"]
    assert vars(found[0])["path"] == "/health"
    assert len(found) == 5


def test_control_characters_and_line_separators_are_escaped_in_the_log(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging, "root", logging.RootLogger(logging.INFO))
    telemetry.configure_logs()
    hostile = "a\nb\r\x1b[2J\x7f\x85\x9b\u2028\u2029c"
    logging.root.warning("%s", hostile)
    line = capsys.readouterr().err.removesuffix("\n")
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line)["message"] == hostile


def test_on_a_terminal_the_log_is_text_without_control_characters(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging, "root", logging.RootLogger(logging.INFO))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    telemetry.configure_logs()
    logging.root.warning("request", extra={"path": "/\x1b[2J\n", "status": 404})
    logging.root.error("failed", exc_info=OSError("no space"))
    first, second, *trace = capsys.readouterr().err.splitlines()
    assert re.fullmatch(r"\d\d:\d\d:\d\d WARNING request path=/\\x1b\[2J\\n status=404", first)
    assert second.endswith("ERROR failed")
    assert trace[-1] == "OSError: no space"
