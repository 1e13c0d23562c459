"""`copier-ml smoke` asks a service for one prediction; tests/containers ask a genuine one."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from copier_ml.cli import main

TOKEN = "a token of some length"
EXAMPLE = {"rows": [{"x": 1}]}
DESCRIBED = {"requestBody": {"content": {"application/json": {"example": EXAMPLE}}}}
ANSWERS = {
    "/ready": {"status": "ready"},
    "/openapi.json": {"paths": {"/predict": {"post": DESCRIBED}}},
    "/predict": {"model": "models:/churn/1", "predictions": [{"prediction": 3}]},
}


class Service(BaseHTTPRequestHandler):
    """A service that wants a token, and the example that it describes."""

    def do_GET(self) -> None:
        is_known = self.headers["Authorization"] == f"Bearer {TOKEN}"
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        is_right = is_known and (self.path != "/predict" or json.loads(body) == EXAMPLE)
        self.send_response(200 if is_right else 401)
        self.end_headers()
        self.wfile.write(json.dumps(ANSWERS[self.path] if is_right else {}).encode())

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Stay quiet."""


@pytest.fixture
def port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Serve in a folder whose .env has the token and a port, which the environment corrects."""
    monkeypatch.chdir(tmp_path)
    Path(".env").write_text(f"CHURN_SERVE_TOKEN='{TOKEN}'\nCHURN_PORT=1\n")
    with ThreadingHTTPServer(("127.0.0.1", 0), Service) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def test_it_sends_the_example_and_the_token_and_asks_no_proxy(
    port: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CHURN_PORT", str(port))
    for variable in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert main(["smoke", "CHURN_"]) == 0
    assert capsys.readouterr().out == "models:/churn/1 predicts 3\n"


def test_what_is_wrong_is_one_line(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit, match=r"^smoke: http://127.0.0.1:1/ready does not answer .Conn"):
        main(["smoke", "CHURN_"])
    monkeypatch.setenv("CHURN_PORT", str(port))
    monkeypatch.setenv("CHURN_SERVE_TOKEN", "wrong")
    with pytest.raises(SystemExit, match=r"^smoke: .*/ready answers 401: '{}'$"):
        main(["smoke", "CHURN_"])
