"""The service of a project, started, asked and stopped as an orchestrator does."""

import json
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from typing import Any

from owner import Project
from servers import free_port

TRAINING_ONLY = {"matplotlib", "numba", "optuna", "pytest", "shap"}
"""Distributions that a machine which only serves must not carry."""

START_S = 120


def check(project: Project, *extra: str) -> None:
    """Serve the champion from an environment that has what a service needs, and nothing else."""
    home = str(project.folder.parent / "serving")
    environment = project.environment | {"UV_PROJECT_ENVIRONMENT": home}
    serving = Project(project.folder, project.name, **environment)
    serving.uv("sync", "--locked", "--no-dev", "--extra", "serve", *extra)
    frozen = serving.uv("pip", "freeze", "--python", home)
    assert not {line.partition("==")[0] for line in frozen.splitlines()} & TRAINING_ONLY

    port = free_port()
    with serving.start("serve", "--port", str(port)) as process:
        try:
            url = f"http://127.0.0.1:{port}"
            model = _wait(f"{url}/ready", process)["model"]
            rows = [{f"pixel_{row}_{column}": 8 for row in range(8) for column in range(8)}]
            answer = _ask(f"{url}/predict", {"rows": rows * 3})
            assert answer["model"] == model
            assert len(answer["predictions"]) == 3
        finally:
            os.killpg(process.pid, signal.SIGTERM)
        told, _ = process.communicate(timeout=30)
        assert process.returncode == 0, told


def _wait(url: str, process: "subprocess.Popen[str]") -> Any:
    for _ in range(START_S * 2):  # Each is a line in the log, which nobody reads before the end.
        try:
            return _ask(url)
        except urllib.error.URLError:  # Nobody listens, or the model is being loaded.
            assert process.poll() is None, "the service ended"
            time.sleep(0.5)
    raise TimeoutError(url)


def _ask(url: str, question: Any = None) -> Any:
    body = None if question is None else json.dumps(question).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)
