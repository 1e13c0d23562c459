"""Lock and indexes, as uv sees them; here uv is a fake on the PATH."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from machine_programs import empty_path, fake
from machine_situations import BOTH, CPU, CUDA, SKLEARN

from copier_ml.doctor.machine import uv

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the fake is a shell script")


@pytest.fixture(autouse=True)
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return empty_path(tmp_path / "programs", monkeypatch)


def write_lock(folder: Path, *versions: tuple[str, str]) -> Path:
    path = folder / "uv.lock"
    rows = (f'[[package]]\nname = "{name}"\nversion = "{version}"' for name, version in versions)
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


def test_the_lock_has_builds(tmp_path: Path) -> None:
    assert uv.read_builds(tmp_path / "uv.lock", BOTH) is None
    path = write_lock(tmp_path, ("torch", "2.15.0+cpu"), ("torch", "2.15.0+cu130"), ("x", "2"))
    assert uv.read_builds(path, BOTH) == ("2.15.0+cpu", "2.15.0+cu130")
    assert uv.read_builds(path, SKLEARN) == ()
    path = write_lock(tmp_path, ("jax-cuda13-plugin", "0.12.0"))
    jax = replace(CPU, framework="jax", cuda=replace(CUDA, name="cuda13"))
    assert uv.read_builds(path, jax) == ("0.12.0 (jax-cuda13-plugin)",)


def test_without_uv_nothing_is_asked(tmp_path: Path) -> None:
    assert uv.ask_indexes(tmp_path, "", "") is None
    assert uv.check_lock(tmp_path) is None


def test_a_program_in_the_current_folder_is_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake(tmp_path, "uv", "exit 0")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", ".")
    assert uv.check_lock(tmp_path) is None


def test_indexes_are_asked_by_uv_alone(programs: Path, tmp_path: Path) -> None:
    asked = "pip compile pyproject.toml --no-deps --refresh --quiet"
    fake(programs, "uv", f'test "$*" = "{asked}"')
    assert uv.ask_indexes(tmp_path, "", "") == ""
    fake(programs, "uv", f'test "$*" = "{asked} --extra cuda --python-version 3.12"')
    assert uv.ask_indexes(tmp_path, "cuda", "3.12") == ""


def test_uv_of_uvx_is_asked_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(tmp_path, "another", "exit 0")
    monkeypatch.setenv("UV", str(tmp_path / "another"))
    assert uv.ask_indexes(tmp_path, "", "") == ""


def test_an_error_names_the_index_and_no_password(programs: Path, tmp_path: Path) -> None:
    address = "https://ada:secret@example.org/simple/"
    told = f"error: Failed to fetch: `{address}`\n  cause: 401 Unauthorized"
    fake(programs, "uv", f"echo '{told}' >&2; exit 2")
    message = uv.ask_indexes(tmp_path, "", "")
    assert message == "Failed to fetch: `https://example.org/simple/`: 401 Unauthorized"
    assert "UV_INDEX_<NAME>_PASSWORD" in uv.find_remedy(message)


def test_an_index_that_hangs_is_not_waited_for(
    programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake(programs, "uv", "exec /bin/sleep 30")
    monkeypatch.setattr(uv, "TIMEOUT_S", 0.1)
    assert "no answer" in (uv.ask_indexes(tmp_path, "", "") or "")


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("The lockfile at `uv.lock` needs to be updated", uv.STALE_LOCK),
        ("hint: the network was disabled, and there are more lines\nlast", uv.STALE_LOCK),
        ("error: No solution found", "uv cannot check uv.lock: No solution found"),
        ("", "uv cannot check uv.lock: uv gives no reason"),
    ],
)
def test_a_lock_fits_or_does_not_or_cannot_be_checked(
    told: str, expected: str, programs: Path, tmp_path: Path
) -> None:
    fake(programs, "uv", f"echo '{told}' >&2; exit 1")
    assert uv.check_lock(tmp_path) == expected
    fake(programs, "uv", 'test "$*" = "lock --check --offline"')
    assert uv.check_lock(tmp_path) == ""
