"""What compose.yaml of a render says: it fits the schema, is for one machine, and has no secret."""

import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import Answers, Render, label

CUDA: Answers = {"framework": "pytorch", "cuda_version": "13.0"}
RENDERS: list[Answers] = [
    {"framework": "sklearn"},
    CUDA,
    {
        "framework": "jax",
        "package_index": "private",
        "package_index_url": "https://packages.example.org/simple",
        "package_index_auth": "token",
    },
]
ON_LOOPBACK = re.compile(r"127\.0\.0\.1:\$\{\w+:-\d+\}:\d+")
TAGGED = re.compile(r"[\w.]+\.\w+/[\w/-]+:v?\d+\.\d+[\w.-]*")
REQUIRED = re.compile(r"\$\{(\w+):\?[\w ,.]+\}")
SECRET = re.compile(r"PASSWORD|SECRET|TOKEN|KEY$")
RUN_ONCE = {"train", "train-gpu"}
CHECKED_BY_THEIR_IMAGE = {"serve"}


@pytest.fixture(params=RENDERS, ids=label)
def project(request: pytest.FixtureRequest, render: Render) -> Path:
    return render(request.param)


def services(project: Path) -> dict[str, Any]:
    read = yaml.safe_load((project / "compose.yaml").read_text(encoding="utf-8"))
    found: dict[str, Any] = read["services"]
    return found


def write_passwords(justfile: Path, folder: Path) -> None:
    """Run the lines of `just up` that come before Compose, as just does."""
    (recipe,) = re.findall(r"^up .*\n((?: +@.*\n)+)", justfile.read_text(encoding="utf-8"), re.M)
    for line in recipe.splitlines():
        command = ["sh", "-c", line.strip().removeprefix("@")]
        done = subprocess.run(command, cwd=folder, check=True, capture_output=True)
        assert done.stdout == done.stderr == b""


def test_it_fits_the_schema_of_compose(project: Path) -> None:
    command = ["--builtin-schema", "vendor.compose-spec", str(project / "compose.yaml")]
    subprocess.run([sys.executable, "-m", "check_jsonschema", *command], check=True)


def test_ports_are_open_to_this_machine_alone(project: Path) -> None:
    ports = [port for service in services(project).values() for port in service.get("ports", [])]
    assert len(ports) == 2
    assert all(map(ON_LOOPBACK.fullmatch, ports))


def test_no_secret_has_a_value_or_may_be_empty(project: Path) -> None:
    justfile = (project / "justfile").read_text(encoding="utf-8")
    (made,) = re.findall(r"for name in (.+); do grep", justfile)
    required = set()
    for service in services(project).values():
        for name, value in service.get("environment", {}).items():
            if found := REQUIRED.fullmatch(value):
                required.add(found[1])
            else:
                assert "$" not in value or name.upper() == "NO_PROXY"
                assert not SECRET.search(name) or name.endswith("ACCESS_KEY"), name
    assert required == set(made.split())


def test_what_others_made_has_a_full_version(project: Path) -> None:
    images = [service["image"] for service in services(project).values() if "image" in service]
    assert len(images) == 2
    assert all(map(TAGGED.fullmatch, images))


def test_services_that_stay_are_checked_and_come_back(project: Path) -> None:
    found = services(project)
    for name in found.keys() - RUN_ONCE:
        assert "healthcheck" in found[name] or name in CHECKED_BY_THEIR_IMAGE
        assert found[name]["restart"] == "unless-stopped"
    dockerfile = (project / "Dockerfile").read_text(encoding="utf-8")
    for name in CHECKED_BY_THEIR_IMAGE:
        (stage,) = re.findall(rf"^FROM \S+ AS {name}\n(.*?)^FROM", dockerfile, re.M | re.S)
        assert "\nHEALTHCHECK " in stage


def test_whoever_a_service_needs_has_its_profiles(project: Path) -> None:
    found = services(project)
    for service in found.values():
        for needed in service.get("depends_on", {}):
            assert set(service["profiles"]) <= set(found[needed]["profiles"])


def test_every_service_has_few_rights(project: Path) -> None:
    for service in services(project).values():
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]


def test_without_the_service_there_is_no_image_of_it(render: Render) -> None:
    project = render({"profile": "choose", "features": ["containers"]})
    assert services(project).keys() == {"postgres", "s3", "mlflow", "train"}
    dockerfile = (project / "Dockerfile").read_text(encoding="utf-8")
    stages = re.findall(r"^FROM (\S+) AS (\S+)$", dockerfile, re.M)
    names = {name for _, name in stages}
    assert names == {
        "uv",
        "base",
        "packages-train",
        "packages-tracking",
        "project",
        "tracking",
        "train",
    }
    assert {source for source, _ in stages if "/" not in source} <= names
    assert set(re.findall(r"--from=(\S+)", dockerfile)) <= names


def test_only_a_project_for_cuda_asks_for_a_gpu(render: Render) -> None:
    assert "train-gpu" not in services(render({"framework": "sklearn"}))
    gpu = services(render(CUDA))["train-gpu"]
    (device,) = gpu["deploy"]["resources"]["reservations"]["devices"]
    assert device["capabilities"] == ["gpu"]
    assert gpu["build"]["args"] == {"ACCELERATOR": "cuda"}


@pytest.mark.skipif(sys.platform == "win32", reason="it has no modes of files")
def test_missing_passwords_are_written_for_their_owner_alone(
    render: Render, tmp_path: Path
) -> None:
    justfile, env = render({"framework": "sklearn"}) / "justfile", tmp_path / ".env"
    env.write_text("S3_SECRET_KEY=\nPOSTGRES_PASSWORD=mine")
    env.chmod(0o644)
    write_passwords(justfile, tmp_path)
    made = dict(line.split("=") for line in env.read_text().splitlines())
    assert made["POSTGRES_PASSWORD"] == "mine"
    assert len(made["S3_SECRET_KEY"]) == len(made["MY_ML_PROJECT_SERVE_TOKEN"]) == 48
    assert made["S3_SECRET_KEY"] != made["MY_ML_PROJECT_SERVE_TOKEN"]
    assert stat.S_IMODE(env.stat().st_mode) == 0o600
    before = env.read_text()
    write_passwords(justfile, tmp_path)
    assert env.read_text() == before


@pytest.mark.skipif(sys.platform == "win32", reason="it has no modes of files")
def test_a_project_without_passwords_gets_all(render: Render, tmp_path: Path) -> None:
    write_passwords(render({"framework": "sklearn"}) / "justfile", tmp_path)
    assert len((tmp_path / ".env").read_text().splitlines()) == 3
    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600
