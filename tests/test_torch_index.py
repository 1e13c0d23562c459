"""The imitation of the PyTorch index behaves as the real one is known to."""

import re
import urllib.error
import urllib.request
from pathlib import Path

import pytest
import torch_index


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("index") / "wheels"
    environment = pytest.MonkeyPatch()
    environment.delenv("PIP_FIND_LINKS", raising=False)
    torch_index.build(folder)
    environment.undo()
    return folder


def read(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read().decode()


def test_a_page_has_hashes_metadata_and_times(wheels: Path) -> None:
    with torch_index.serving(wheels) as url:
        page = read(f"{url}/cpu/torch/")
    links = re.findall(r"<a .*?</a>", page)
    assert len(links) == 5 * 4 * 3
    assert all("#sha256=" in link and "data-core-metadata" in link for link in links)
    assert all('data-upload-time="2026-' in link for link in links)
    assert any("torch-2.14.1%2Bcpu-cp314-cp314-win_amd64.whl" in link for link in links)


def test_files_are_on_another_host_and_have_metadata(wheels: Path) -> None:
    with torch_index.serving(wheels) as url:
        link = re.findall(r'href="([^#"]*)#', read(f"{url}/cpu/torch/"))[0]
        assert not link.startswith(url)
        assert "Name: torch" in read(f"{link}.metadata")


@pytest.mark.parametrize("path", ["cpu/numpy/", "cu126/torch/", "cpu/torch-0-cp3-cp3-any.whl", ""])
def test_what_it_does_not_hold_is_forbidden(wheels: Path, path: str) -> None:
    with torch_index.serving(wheels) as url:
        with pytest.raises(urllib.error.HTTPError, match="403") as error:
            read(f"{url}/{path}")
        error.value.close()


def test_a_stranger_is_sent_away_and_a_known_user_is_not(wheels: Path) -> None:
    with torch_index.serving(wheels, torch_index.Options(auth="ada:secret")) as url:
        with pytest.raises(urllib.error.HTTPError, match="401") as error:
            read(f"{url}/cpu/torch/")
        error.value.close()
        request = urllib.request.Request(f"{url}/cpu/torch/")
        request.add_header("Authorization", "Basic YWRhOnNlY3JldA==")
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status == 200


def test_a_mirror_may_lack_hashes_metadata_and_times(wheels: Path) -> None:
    bare = torch_index.Options(has_hashes=False, has_metadata=False, has_upload_times=False)
    with torch_index.serving(wheels, bare) as url:
        page = read(f"{url}/cpu/torch/")
    assert not re.search("sha256|metadata|upload", page)
