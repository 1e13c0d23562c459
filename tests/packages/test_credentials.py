"""The password of a private index: each way to give it works, and none leaves it anywhere."""

import io
import os
import shlex
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Render
from package_index import (
    BASIC,
    KNOWN,
    PASSWORD,
    USER,
    Project,
    private,
    serving,
    tool_uv,
    write_wheel,
)

WAYS = ["variables", "netrc", "keyring", "store"]
SECRETS = (PASSWORD.encode(), BASIC.encode())
USER_NAME = {"UV_INDEX_INTERNAL_USERNAME": USER}
PUBLISH = ("publish", "--index", "internal")
COMMANDS = [
    ("lock",),
    ("sync",),
    ("export", "--output-file", "requirements.txt"),
    ("export", "--output-file", "pylock.toml"),
    ("build",),
    PUBLISH,
]
KEYRING = """\
#!/bin/sh
echo "$*" >> {asked}
case "$*" in *"--mode creds") echo {user} ;; esac
echo {password}
"""
"""A keyring program: asked with a user name it prints the password, else first the user name."""


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheels") / "ours"
    write_wheel(folder, "acme-utils", "1.0.0")
    write_wheel(folder, "torch", "2.0.0")
    return folder


@pytest.fixture(scope="module")
def address(wheels: Path) -> Iterator[str]:
    with private(wheels) as address:
        yield address


def give(way: str, project: Project, address: str) -> dict[str, str]:
    """Give uv the password in one of the ways; return the variables that this takes."""
    place = project.place / "secret"
    place.mkdir()
    if way == "variables":
        return KNOWN
    if way == "netrc":
        (place / "netrc").write_text(f"machine 127.0.0.1 login {USER} password {PASSWORD}\n")
        return {"NETRC": str(place / "netrc")}
    if way == "keyring":
        asked = shlex.quote(str(place / "asked"))
        program = place / "keyring"
        program.write_text(KEYRING.format(asked=asked, user=USER, password=PASSWORD))
        program.chmod(0o700)
        return {"PATH": f"{place}{os.pathsep}{os.environ['PATH']}"}
    store = {"UV_CREDENTIALS_DIR": str(place)}
    login = ("auth", "login", address, "--username", USER, "--password", PASSWORD)
    assert project.uv(*login, **store).returncode == 0
    return store


def configure(way: str, render: Render, address: str) -> Any:
    """Read what a render says whose answers fit the way."""
    auth = "keyring" if way == "keyring" else "token"
    uv = tool_uv(render, address, package_index_auth=auth)
    return uv | {"sources": {"acme-utils": {"index": "internal"}}}


def has_the_secret(content: bytes) -> bool:
    """Look for the password, also as HTTP sends it, and in what an archive holds."""
    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return any(has_the_secret(archive.read(name)) for name in archive.namelist())
    if content.startswith(b"\x1f\x8b"):
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            members = [archive.extractfile(member) for member in archive if member.isfile()]
            return any(member is not None and has_the_secret(member.read()) for member in members)
    return PASSWORD.encode() in content or BASIC.encode() in content


def test_the_search_finds_a_secret_in_an_archive() -> None:
    zipped, tarred = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("pip.conf", f"index-url = https://{USER}:{PASSWORD}@example.org")
    with tarfile.open(fileobj=tarred, mode="w:gz") as archive:
        member = tarfile.TarInfo("log")
        member.size = len(BASIC)
        archive.addfile(member, io.BytesIO(BASIC.encode()))
    assert has_the_secret(zipped.getvalue())
    assert has_the_secret(tarred.getvalue())
    assert not has_the_secret(b"nothing")


@pytest.mark.parametrize("way", WAYS)
def test_a_password_works_everywhere_and_stays_nowhere(
    way: str, render: Render, address: str, tmp_path: Path
) -> None:
    uv = configure(way, render, address)
    project = Project(tmp_path / "first", uv, "acme-utils", name=f"churn{way}")
    login = give(way, project, address)
    for command in COMMANDS:
        done = project.uv(*command, "-vv", **(USER_NAME if command == PUBLISH else {}) | login)
        assert done.returncode == 0, done.stderr
        assert not has_the_secret((done.stdout + done.stderr).encode()), f"{command} prints it"
    (project.place / "secret").rename(tmp_path / "secret")
    files = [path for path in project.place.rglob("*") if path.is_file()]
    assert {".whl", ".gz", ".lock", ".txt", ".msgpack"} <= {path.suffix for path in files}
    assert not [path for path in files if has_the_secret(path.read_bytes())]

    (tmp_path / "secret").rename(project.place / "secret")
    other = Project(tmp_path / "second", uv, f"churn{way}")
    assert other.uv("sync", **login).returncode == 0
    assert other.locked() == {f"churn{way}": "0.1.0", "acme-utils": "1.0.0"}
    assert list(other.folder.glob(f".venv/lib/*/site-packages/churn{way}/__init__.py"))


def test_a_keyring_is_asked_for_the_address_without_a_user_name(
    render: Render, address: str, tmp_path: Path
) -> None:
    project = Project(tmp_path, configure("keyring", render, address), "acme-utils")
    assert project.uv("lock", **give("keyring", project, address)).returncode == 0
    assert (tmp_path / "secret" / "asked").read_text() == f"get {address}/simple --mode creds\n"


def test_a_keyring_needs_a_user_name_to_publish_something_new(
    render: Render, address: str, tmp_path: Path
) -> None:
    project = Project(tmp_path, configure("keyring", render, address), name="novelty")
    login = give("keyring", project, address)
    assert project.uv("build").returncode == 0
    assert "Missing credentials" in project.uv(*PUBLISH, **login).stderr
    assert project.uv(*PUBLISH, **login, **USER_NAME).returncode == 0
    *_, last = (tmp_path / "secret" / "asked").read_text().splitlines()
    assert last == f"get {address}/ {USER}"


@pytest.mark.parametrize("has_keyring", [True, False])
def test_a_keyring_that_does_not_know_is_no_login(
    has_keyring: bool, render: Render, address: str, tmp_path: Path
) -> None:
    project = Project(tmp_path, configure("keyring", render, address), "acme-utils")
    folders = os.environ["PATH"].split(os.pathsep)
    kept = [folder for folder in folders if not (Path(folder) / "keyring").exists()]
    if has_keyring:
        (tmp_path / "keyring").write_text("#!/bin/sh\nexit 1\n")
        (tmp_path / "keyring").chmod(0o700)
        kept.insert(0, str(tmp_path))
    assert "Missing credentials" in project.uv("lock", PATH=os.pathsep.join(kept)).stderr


@pytest.mark.parametrize("way", WAYS)
def test_a_second_index_on_the_host_gets_the_password(
    way: str, render: Render, wheels: Path, tmp_path: Path
) -> None:
    with serving(wheels, anonymous_status=401) as index:
        assert lock_with_a_second_index(way, render, index.address, index.address, tmp_path)


@pytest.mark.parametrize("way", WAYS)
def test_a_second_index_on_another_port_gets_it_from_netrc_or_a_keyring(
    way: str, render: Render, wheels: Path, tmp_path: Path
) -> None:
    with (
        serving(wheels, anonymous_status=401) as index,
        serving(wheels, anonymous_status=401) as second,
    ):
        locks = lock_with_a_second_index(way, render, index.address, second.address, tmp_path)
    assert locks == (way in {"netrc", "keyring"})


def lock_with_a_second_index(
    way: str, render: Render, first: str, second: str, place: Path
) -> bool:
    """Lock a project that takes torch from an index of its own; say whether that went well."""
    uv = configure(way, render, first)
    uv["sources"] |= {"torch": {"index": "pytorch-cpu"}}
    other = {"name": "pytorch-cpu", "url": f"{second}/whl/cpu", "explicit": True}
    # Without `authenticate`, a keyring is asked for it or not: that depends on who is faster.
    uv["index"] += [other | {"exclude-newer": False, "authenticate": "always"}]
    project = Project(place, uv, "acme-utils", "torch")
    done = project.uv("lock", **give(way, project, first))
    assert done.returncode == 0 or f"{second}/whl/cpu" in done.stderr
    return done.returncode == 0
