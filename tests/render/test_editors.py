"""What a project says to VS Code and to development containers agrees with the project."""

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import Answers, Render
from facts import default_of, read

CUDA: Answers = {"framework": "pytorch", "cuda_version": "13.0"}


def load(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


@pytest.mark.parametrize("profile", ["minimal", "everything"])
def test_what_is_launched_exists(render: Render, profile: str) -> None:
    folder = render({"profile": profile})
    project = read(profile, folder)
    launched = load(folder / ".vscode" / "launch.json")["configurations"]
    assert {it["type"] for it in launched} == {"debugpy"}
    commands = {it["args"][0] for it in launched if it["module"] == project.package}
    assert commands == {"train", "serve"} & project.commands()
    assert [it["args"] for it in launched if it["module"] == "pytest"] == [["${file}"]]


def test_both_recommend_the_same_extensions(render: Render) -> None:
    folder = render({"profile": "everything"})
    inside = load(folder / ".devcontainer" / "devcontainer.json")["customizations"]["vscode"]
    named = load(folder / ".vscode" / "extensions.json")["recommendations"]
    assert inside["extensions"] == named == sorted(named)


def test_a_container_forwards_the_ports_of_the_project(render: Render) -> None:
    folder = render({"profile": "everything"})
    container = load(folder / ".devcontainer" / "devcontainer.json")
    serving = read("everything", folder).source("serving/commands")
    assert container["forwardPorts"] == [5000, default_of(serving, "port")]
    assert container["portsAttributes"].keys() == {str(it) for it in container["forwardPorts"]}


@pytest.mark.parametrize(("answers", "gpu"), [({}, None), (CUDA, "optional")])
def test_a_container_asks_for_a_gpu_where_there_is_cuda(
    render: Render, answers: Answers, gpu: str | None
) -> None:
    container = load(
        render({"profile": "everything", **answers}) / ".devcontainer" / "devcontainer.json"
    )
    assert container.get("hostRequirements", {}).get("gpu") == gpu
    assert "source=uv-cache,target=/uv-cache,type=volume" in container["mounts"]
    assert container["containerEnv"]["UV_CACHE_DIR"] == "/uv-cache"
    assert "prek install" in container["postCreateCommand"]


def test_services_connect_to_each_other_without_a_proxy(render: Render) -> None:
    services = read("standard", render({})).yaml("compose.yaml")["services"]
    for name in ("mlflow", "serve", "train"):
        for variable in ("NO_PROXY", "no_proxy"):
            direct = services[name]["environment"][variable].split(",")
            assert {"127.0.0.1", "mlflow", "s3"} <= {*direct}, name
    check = services["s3"]["healthcheck"]["test"]
    assert check[1:4] == ["env", "-u", "http_proxy"]
