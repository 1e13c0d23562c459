"""Images for every accelerator, and from every kind of index."""

import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import engine
import images
import pytest
import standins
import torch_index
from builds import IMAGED, complete, tell
from conftest import Answers, git, label
from corpus import REPOSITORIES
from owner import Project, find_python
from package_index import KNOWN, PASSWORD, USER, private, write_wheel
from tiny import adopt, commit

pytestmark = pytest.mark.containers

HERE = "--network=host"
"""The indexes of these tests are on the loopback of this machine."""


@pytest.fixture(scope="module")
def pytorch_index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with torch_index.serving(tmp_path_factory.mktemp("index") / "wheels") as url:
        yield url


@pytest.mark.nightly
def test_pytorch_trains_and_serves_on_the_genuine_cpu_build(
    snapshot: Path, tmp_path: Path, pytorch_index: str, record_property: Any
) -> None:
    answers = {"framework": "pytorch", "pytorch_index_url": pytorch_index}
    project = images.make(snapshot, tmp_path / "net", answers)
    tell(record_property, "locked trained imaged", project.folder)
    pyproject = project.folder / "pyproject.toml"
    pyproject.write_text(pyproject.read_text(encoding="utf-8").replace("~=2.15.0", "~=2.13.0"))
    project.uv("lock")
    trains = images.build(project, "train", HERE)
    compile_c = ("-c", "echo 'int main(){return 0;}' > /tmp/a.c && cc /tmp/a.c -o /tmp/a")
    engine.find()("run", "--rm", *images.READ_ONLY, "--entrypoint=sh", trains, *compile_c)
    images.train(project, trains)
    images.check_service(images.build(project, "serve-model", HERE))


@pytest.mark.nightly
def test_jax_trains_and_serves_from_a_mirror(
    snapshot: Path, tmp_path: Path, record_property: Any
) -> None:
    with private(tmp_path / "wheels", is_open=True, is_mirror=True) as url:
        answers = {"package_index": "mirror", "package_index_url": f"{url}/simple"}
        answers |= {"framework": "jax", "cuda_version": "13.0"}
        project = images.make(snapshot, tmp_path / "jax", answers, "3.13")
        tell(record_property, "locked trained imaged", project.folder)
        images.train(project, images.build(project, "train", HERE))
        images.check_service(images.build(project, "serve-model", HERE))


def test_an_image_for_cuda_is_imported_without_a_gpu(
    snapshot: Path,
    tmp_path: Path,
    pytorch_index: str,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Any,
) -> None:
    """A stub stands for torch, and NVIDIA's libraries stay out: they are several GB."""
    answers = {"framework": "pytorch", "cuda_version": "13.0", "pytorch_index_url": pytorch_index}
    project = images.make(snapshot, tmp_path / "net", answers)
    tell(record_property, "locked imaged", project.folder)
    lock = tomllib.loads((project.folder / "uv.lock").read_text(encoding="utf-8"))
    big = [p["name"] for p in lock["package"] if re.match("nvidia-|cuda-|triton", p["name"])]
    leave_out = " ".join(f"--no-install-package {name}" for name in big)
    dockerfile = project.folder / "Dockerfile"
    text = dockerfile.read_text(encoding="utf-8")
    dockerfile.write_text(text.replace("--extra serving ", f"--extra serving {leave_out} "))

    monkeypatch.setenv("ACCELERATOR", "cuda")
    image = images.build(project, "serve", HERE)
    assert image.endswith("/serve:0.1.0-cuda")
    told = engine.find()("run", "--rm", *images.READ_ONLY, image, "environment")
    assert "+cu130" in told
    assert '"driver": ""' in told
    variables = engine.find().inspect(image)["Config"]["Env"]
    assert {"NVIDIA_VISIBLE_DEVICES=all", "NVIDIA_DRIVER_CAPABILITIES=compute,utility"} <= {
        *variables
    }

    monkeypatch.setenv("ACCELERATOR", "tpu")
    assert "ACCELERATOR=tpu: the project only has cpu and cuda" in images.build(
        project, "serve", expect=1
    )


@pytest.mark.nightly
@pytest.mark.parametrize("answers", complete(IMAGED, of=IMAGED[0]), ids=label)
def test_images_of_a_variant_train_and_serve(
    snapshot: Path, tmp_path: Path, answers: Answers, record_property: Any
) -> None:
    """It needs PyTorch's own index and an image of each Python; a build asks no keyring."""
    manners = {
        "is_mirror": answers["package_index"] == "mirror",
        "is_open": answers["package_index_auth"] == "none",
    }
    with private(tmp_path / "wheels", **manners) as url:
        given = {"package_index_url": f"{url}/simple"} if "package_index_url" in answers else {}
        netrc = tmp_path / "netrc"
        netrc.write_text(f"machine 127.0.0.1 login {USER} password {PASSWORD}\n")
        login = KNOWN | {"NETRC": str(netrc)}
        python = answers["python_version"]
        project = images.make(snapshot, tmp_path / "project", answers | given, python, **login)
        tell(record_property, "locked trained imaged", project.folder)
        images.train(project, images.build(project, "train", HERE))
        images.check_service(images.build(project, "serve-model", HERE))


class Guarded:
    """A project with a package from a private index that asks for a password."""

    def __init__(self, snapshot: Path, place: Path, url: str) -> None:
        answers = {
            "package_index": "private",
            "package_index_auth": "token",
            "package_index_url": f"{url}/simple",
        }
        self.project = images.make(snapshot, place / "project", answers, **KNOWN)
        self.project.uv("add", "--no-sync", "acme-utils")
        git("commit", "--all", "--quiet", "--message", "add acme", folder=self.project.folder)
        self._netrc = place / "netrc"

    def build(self, password: str | None, *options: str, expect: int = 0) -> str:
        """Build the service as someone whose netrc has a password, or who has no netrc."""
        self._netrc.unlink(missing_ok=True)
        if password:
            self._netrc.write_text(f"machine 127.0.0.1 login {USER} password {password}\n")
        environment = {"NETRC": str(self._netrc), "UV_PYTHON": find_python("3.11")}
        owner = Project(self.project.folder, **environment)
        return images.build(owner, "serve", HERE, *options, expect=expect)


def test_a_password_of_an_index_is_needed_and_reaches_no_image(
    snapshot: Path, tmp_path: Path, record_property: Any
) -> None:
    run = engine.find()
    for name in ("acme-utils", "acme-tools"):
        write_wheel(tmp_path / "wheels", name, "1.0.0")
    with private(tmp_path / "wheels") as url:
        guarded = Guarded(snapshot, tmp_path, url)
        tell(record_property, "locked imaged", guarded.project.folder)
        run.attempt("rmi", "my-ml-project/serve:0.1.0", "my-ml-project/serve:0.1.0-cpu")

        told = guarded.build(None, expect=1)
        assert "netrc" in told
        told = guarded.build("wrong", expect=1).splitlines()[-1]
        assert told.startswith("image: ")
        assert "no image was tagged" in told
        assert "acme-utils" in told
        assert "HTTP status client error (403 Forbidden)" in told
        assert not run.has("my-ml-project/serve:0.1.0")

        image = guarded.build(PASSWORD)
        guarded.project.uv("add", "--no-sync", "acme-tools")
    kept = images.files(image, tmp_path)
    assert any("acme_utils" in name for name, _ in kept)
    assert not [name for name, text in kept if PASSWORD.encode() in text]
    assert PASSWORD not in run("history", "--no-trunc", image)

    # The index is down now, and no build has seen this package.
    told = guarded.build(PASSWORD, expect=1).splitlines()[-1]
    assert "no image was tagged: " in told
    assert "acme-tools" in told


def test_code_of_a_repository_runs_in_its_image(snapshot: Path, tmp_path: Path) -> None:
    folder = commit(tmp_path / "churn", REPOSITORIES["setuptools"])
    assert adopt(snapshot, folder, "--yes", "--trust") == 0
    (branch,) = git("branch", "--list", "template/*", folder=folder).split()
    git("merge", "--quiet", branch, folder=folder)
    project = Project(folder, "churn", UV_PYTHON=find_python("3.11"))
    image = images.build(project, "train", HERE)
    assert image == "churn/train:0.3.1-cpu"
    told = engine.find()(
        "run", "--rm", *images.READ_ONLY, image, "-c", "import churn.rate; print(churn.__file__)"
    )
    assert told.strip() == "/app/churn/__init__.py"


@pytest.fixture
def small_store(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A store of podman's that is full before the packages are installed; what selects it."""
    if engine.find().program == "docker":
        pytest.skip("needs podman as root: no client gives Docker's store a size")
    folder = tmp_path / "store"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=480m", "tmpfs", folder], check=True)
    settings = tmp_path / "storage.conf"
    places = f'runroot = "{folder}/run"\ngraphroot = "{folder}/graph"\n'
    settings.write_text(f'[storage]\ndriver = "overlay"\n{places}')
    try:
        yield {"CONTAINERS_STORAGE_CONF": str(settings)}
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_build_without_space_leaves_no_image(
    snapshot: Path, tmp_path: Path, small_store: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    project = images.make(snapshot, tmp_path / "project", {})
    bases = standins.provide_all(project.folder / "Dockerfile")
    small = engine.podman(**small_store)
    for image in bases:
        saved = tmp_path / "image.tar"
        engine.find()("save", f"--output={saved}", image)
        small("load", f"--input={saved}")
        saved.unlink()
    monkeypatch.setattr(engine, "find", lambda: small)
    told = images.build(project, "serve", expect=1)
    assert "No space left on device" in told
    assert "no image was tagged: " in told.splitlines()[-1]
    assert "my-ml-project" not in small("images")
