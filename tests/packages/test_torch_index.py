"""The imitation of the PyTorch index behaves as the real one is known to."""

import base64
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

import pytest
import torch_index
from torch_index import Options, Request

SCRIPT = Path(torch_index.__file__)
WHEEL = "torch-2.14.1%2Bcu130-cp313-cp313-manylinux_2_28_x86_64.whl"
LOOK = """\
import json, torch, torchvision
gpus = [torch.cuda.get_device_capability(i) for i in range(torch.cuda.device_count())]
facts = [torch.__version__, torch.version.cuda, torch.cuda.is_available(), gpus]
print(json.dumps([*facts, torch.backends.mps.is_available(), torchvision.__version__]))
"""


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("index") / "wheels"
    environment = pytest.MonkeyPatch()
    environment.delenv("PIP_FIND_LINKS", raising=False)
    torch_index.build(folder)
    environment.undo()
    return folder


def read(url: str, **headers: str) -> bytes:
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10) as answer:
        return answer.read()


def links(url: str, page: str) -> list[str]:
    return re.findall(r"<a .*?</a>", read(f"{url}/{page}/").decode())


def link_to(wheel: str, url: str, page: str) -> str:
    (found,) = [link for link in links(url, page) if wheel in link]
    return re.findall('href="([^#"]*)', found)[0]


def refusal(url: str) -> int:
    with pytest.raises(urllib.error.HTTPError) as error:
        read(url)
    error.value.close()
    return error.value.code


def test_a_page_has_hashes_metadata_and_times(wheels: Path) -> None:
    with torch_index.serving(wheels) as url:
        found = links(url, "cpu/torch")
        assert len(found) == 5 * 4 * 3
        assert all("#sha256=" in link and "data-core-metadata" in link for link in found)
        assert all('data-upload-time="2026-' in link for link in found)
        assert any("torch-2.14.1%2Bcpu-cp314-cp314-win_amd64.whl" in link for link in found)
        assert len(links(url, "cu132/torch")) == len(links(url, "cu132/torchvision")) == 5 * 3 * 2


def test_the_pages_above_list_packages_and_all_builds_together(wheels: Path) -> None:
    with torch_index.serving(wheels) as url:
        names = ['<a href="torch/">torch</a>', '<a href="torchvision/">torchvision</a>']
        assert links(url, "cu130") == links(url, "") == names
        labels = {label for link in links(url, "torch") for label in re.findall(r"%2B(\w+)-", link)}
    assert labels == {"cpu", "cu126", "cu130", "cu132"}


def test_files_are_on_another_host_and_have_metadata(wheels: Path) -> None:
    with torch_index.serving(wheels) as url:
        link = link_to(WHEEL, url, "cu130/torch")
        assert not link.startswith(url)
        metadata = read(f"{link}.metadata").decode().splitlines()
    assert "Version: 2.14.1+cu130" in metadata
    line = 'Requires-Dist: nvidia-cudnn-cu13==9.24.0.43; platform_system == "Linux"'
    assert line in metadata


def test_files_are_served_by_ranges(wheels: Path) -> None:
    with torch_index.serving(wheels) as url:
        link = link_to(WHEEL, url, "cu130/torch")
        whole = read(link)
        assert read(link, Range="bytes=2-5") == whole[2:6]
        assert read(link, Range="bytes=2-") == whole[2:]
        assert read(link, Range="bytes=-9") == whole[-9:]
        assert read(link, Range=f"bytes=-{len(whole) + 1}") == whole


@pytest.mark.parametrize(
    "path", ["cpu/numpy/", "cu126/jax/", "cu133/", "cpu/torch-0-cp3-cp3-any.whl", "../"]
)
def test_what_it_does_not_hold_is_forbidden(wheels: Path, path: str) -> None:
    with torch_index.serving(wheels) as url:
        assert refusal(f"{url}/{path}") == 403


def test_an_anonymous_user_is_sent_away_and_a_known_user_is_not(wheels: Path) -> None:
    known = {"Authorization": f"Basic {base64.b64encode(b'ada:secret').decode()}"}
    with torch_index.serving(wheels, Options(auth="ada:secret")) as url:
        assert refusal(f"{url}/cpu/torch/") == 401
        page = read(f"{url}/cpu/torch/", **known).decode()
        link = re.findall(r'href="([^#"]*)', page)[0]
        assert link.startswith(url)  # No client would sign a request to another host.
        assert refusal(link) == 401
        assert read(link, **known)


def test_a_mirror_may_lack_hashes_metadata_and_times(wheels: Path) -> None:
    bare = Options(has_hashes=False, has_metadata=False, has_upload_times=False)
    with torch_index.serving(wheels, bare) as url:
        assert not re.search("sha256|metadata|upload", " ".join(links(url, "cpu/torch")))
        assert refusal(link_to(WHEEL, url, "cu130/torch") + ".metadata") == 403


def test_the_log_says_who_was_asked_for_what(wheels: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with torch_index.serving(wheels, Options(log=log)) as url:
        read(f"{url}/cpu/torch/")
        read(f"{url}/cpu/torch/", Authorization="Basic YTpi")
    page = f"{url}/cpu/torch/"
    assert torch_index.read_log(log) == [Request("GET", page, False), Request("GET", page, True)]


def test_faults_can_be_asked_for(wheels: Path) -> None:
    with torch_index.serving(wheels, Options(status=500)) as url:
        assert refusal(f"{url}/cpu/torch/") == 500
    start = time.monotonic()
    with torch_index.serving(wheels, Options(hang_s=30)) as url, pytest.raises(TimeoutError):
        urllib.request.urlopen(f"{url}/cpu/torch/", timeout=0.1)
    assert time.monotonic() - start < 10


def test_a_tampered_wheel_is_valid_and_has_another_hash(wheels: Path) -> None:
    with torch_index.serving(wheels, Options(tampers=True)) as url:
        (page_link,) = [link for link in links(url, "cu130/torch") if WHEEL in link]
        link, digest = re.findall('href="(.*)#sha256=(.*?)"', page_link)[0]
        content = read(link)
    assert hashlib.sha256(content).hexdigest() != digest
    assert zipfile.ZipFile(io.BytesIO(content)).testzip() is None


@pytest.mark.parametrize(
    ("tag", "cuda", "capability", "gpus"),
    [("cpu", None, "9.0", []), ("cu126", "12.6", "", []), ("cu130", "13.0", "9.0", [[9, 0]])],
)
def test_a_stub_says_what_it_is(
    wheels: Path, tmp_path: Path, tag: str, cuda: str | None, capability: str, gpus: list[list[int]]
) -> None:
    for wheel in (wheels / tag).glob(f"*1+{tag}-cp312-*x86_64.whl"):
        zipfile.ZipFile(wheel).extractall(tmp_path)
    facts = os.environ | {"TORCH_STUB_CAPABILITY": capability}
    seen = subprocess.check_output([sys.executable, "-c", LOOK], cwd=tmp_path, env=facts)
    assert json.loads(seen) == [f"2.14.1+{tag}", cuda, bool(gpus), gpus, False, f"0.29.1+{tag}"]


def test_a_genuine_wheel_replaces_its_stub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "torch-2.13.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl"
    (tmp_path / "genuine").mkdir()
    with zipfile.ZipFile(tmp_path / "genuine" / name, "w") as archive:
        archive.writestr("torch-2.13.0+cpu.dist-info/METADATA", "Name: torch\nVersion: genuine\n")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "genuine"))
    torch_index.build(tmp_path / "wheels")
    built = tmp_path / "wheels" / "cpu" / name
    assert built.read_bytes() == (tmp_path / "genuine" / name).read_bytes()
    assert "Version: genuine" in Path(f"{built}.metadata").read_text(encoding="utf-8")


def test_the_script_serves_as_its_flags_say(wheels: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    flags = ["--no-hashes", "--no-metadata", "--no-upload-times", "--port=0", f"--log={log}"]
    command = [sys.executable, SCRIPT, wheels, "--auth=ada:secret", *flags]
    with subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8") as script:
        assert script.stdout is not None
        try:
            url = script.stdout.readline().strip()
            page = read(f"{url}/cu126/torch/", Authorization="Basic YWRhOnNlY3JldA==").decode()
        finally:
            script.terminate()
    assert "torch-2.13.0" in page
    assert not re.search("sha256|metadata|upload", page)
    assert [request.is_signed for request in torch_index.read_log(log)] == [True]
