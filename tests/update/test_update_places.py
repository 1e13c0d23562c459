"""`copier-ml update` works wherever a project is, and whatever Git is told on that machine."""

import base64
import os
import re
import signal
import socketserver
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import git
from updates import (
    ANSWERS,
    at,
    edit,
    listed,
    make_project,
    make_template,
    number,
    run,
    start,
    start_update,
    state,
    steps,
    update,
    worktree,
    write,
)

from copier_ml.shared import rendering

ONE = {"a": number(20), "b": number(30)}
TWO = {"a": number(20, l1="theirs"), "c": number(30)}
MINE = {"a": number(20, l19="mine"), "b": number(30, l9="mine")}
BOTH = number(20, l1="theirs", l19="mine").encode()

HOSTILE = """\
[core]
    autocrlf = true
    excludesFile = {folder}/ignored
    hooksPath = {folder}/hooks
    pager = false
    abbrev = 40
[user]
    useConfigOnly = true
[commit]
    gpgSign = true
    template = {folder}/nowhere
[gpg]
    program = false
[tag]
    gpgSign = true
[diff]
    noprefix = true
    renames = false
    renameLimit = 1
    external = false
[merge]
    conflictStyle = merge
    renames = false
    directoryRenames = true
    default = union
    renormalize = true
    verifySignatures = true
    ff = false
[rerere]
    enabled = true
    autoUpdate = true
[init]
    templateDir = {folder}/init
    defaultObjectFormat = sha256
[color]
    ui = always
[column]
    ui = always
[log]
    showSignature = true
[fetch]
    prune = true
    fsckObjects = true
[status]
    short = true
[submodule]
    recurse = true
[protocol "file"]
    allow = never
"""


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    made = start(tmp_path, ONE, TWO)
    edit(made, MINE)
    return made


def check(project: Path, prefix: str = "", commit: str = "template/v2.0.0") -> None:
    """Check that both sides are in an update."""
    assert at(project, f"{prefix}a", commit) == BOTH
    assert at(project, f"{prefix}c", commit) == MINE["b"].encode()
    assert at(project, f"{prefix}b", commit) is None


@pytest.fixture
def hostile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, project: Path) -> Path:
    """Break the configuration of Git, once the project is there."""
    broken = "#!/bin/sh\nexit 1\n"
    names = ["pre-commit", "post-checkout", "post-merge", "reference-transaction"]
    hooks = {f"{at}/{name}": broken for name in names for at in ("hooks", "init/hooks")}
    write(tmp_path, {"ignored": "*\n", "config": HOSTILE.format(folder=tmp_path), **hooks})
    for name in hooks:
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
    return project


@pytest.mark.parametrize(("platform", "method"), [("linux", "fork"), ("darwin", "spawn")])
def test_the_other_process_starts_as_the_platform_allows(
    project: Path, monkeypatch: pytest.MonkeyPatch, platform: str, method: str
) -> None:
    asked: list[str] = []

    def ask(name: str) -> Any:
        asked.append(name)
        return get_context(name)

    monkeypatch.setattr(rendering, "get_context", ask)
    monkeypatch.setattr(rendering.sys, "platform", platform)
    update(project)
    assert asked == [method]
    check(project)


@pytest.mark.parametrize("arguments", [[], ["--apply"]])
def test_a_hostile_configuration_changes_nothing(hostile: Path, arguments: list[str]) -> None:
    update(hostile, *arguments)
    check(hostile, commit="HEAD" if arguments else "template/v2.0.0")
    if arguments:
        assert (hostile / "a").read_bytes().replace(b"\r\n", b"\n") == BOTH


def test_a_hostile_configuration_leaves_conflicts_that_can_be_read(hostile: Path) -> None:
    write(hostile, {"a": number(20, l1="mine")})
    quiet = {"GIT_CONFIG_GLOBAL": os.devnull}
    subprocess.run(["git", "commit", "-qam", "x"], cwd=hostile, env=os.environ | quiet, check=True)
    text = (worktree(update(hostile, expect=1)) / "a").read_text()
    assert "\n||||||| " in text


def test_the_settings_of_a_runner_are_kept(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    template = str(project.parent / "template")
    answers = (project / ANSWERS).read_text().replace(template, "https://nowhere.invalid/t.git")
    edit(project, {ANSWERS: answers})
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", f"url.{template}.insteadOf")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "https://nowhere.invalid/t.git")
    update(project)
    check(project)


def test_a_project_in_a_folder_of_a_repository(tmp_path: Path) -> None:
    one, two = ONE | {"gone": "gone\n"}, TWO | {"gone": "changed\n"}
    template = make_template(tmp_path / "template", one, two)
    project = make_project(tmp_path / "whole" / "sub" / "an ümlaut", template, one)
    (project / ".git").rename(tmp_path / "whole" / ".git")
    whole, prefix = tmp_path / "whole", "sub/an ümlaut/"
    mine = {f"{prefix}{name}": content for name, content in MINE.items()}
    edit(whole, mine | {"own": "own\n", f"{prefix}gone": None})
    told = update(project)
    (branch,) = git("branch", "--list", "template/*", folder=whole).split()
    assert re.fullmatch("template/sub/an-ümlaut-[0-9a-f]{6}/v2.0.0", branch)
    check(whole, prefix, branch)
    assert at(whole, "own", branch) == b"own\n"
    assert listed(told.out, "Left alone") == [f"{prefix}gone: you deleted it"]

    edit(whole, {f"{prefix}a": number(20, l1="mine")})
    told = update(project, expect=1)
    assert steps(told.out)[0] == f"cd '{worktree(told)}'"
    assert (worktree(told) / "a").is_file()


def test_a_shallow_clone(project: Path, tmp_path: Path) -> None:
    git(
        "clone",
        "--quiet",
        "--depth=1",
        project.as_uri(),
        str(tmp_path / "shallow"),
        folder=tmp_path,
    )
    update(tmp_path / "shallow", "--apply")
    check(tmp_path / "shallow", commit="HEAD")
    edit(tmp_path / "shallow", {"a": "mine\n"})
    git("fsck", folder=tmp_path / "shallow")


def test_a_repository_of_sha256(project: Path, tmp_path: Path) -> None:
    (project / ".git").rename(tmp_path / "old")
    git("init", "--quiet", "--object-format=sha256", folder=project)
    edit(project, {})
    update(project)
    check(project)
    edit(project, {"a": number(20, l1="mine")})
    told = update(project, expect=1)
    assert "UU a" in git("status", "--short", folder=worktree(told))


def test_a_linked_worktree_and_a_detached_head(project: Path, tmp_path: Path) -> None:
    git("worktree", "add", "--quiet", "--detach", str(tmp_path / "linked"), folder=project)
    before = state(project, branches=False)
    update(tmp_path / "linked", "--apply")
    check(tmp_path / "linked", commit="HEAD")
    assert (tmp_path / "linked" / "a").read_bytes() == BOTH
    assert state(project, branches=False) == before


def test_names_with_spaces_umlauts_and_quotes(tmp_path: Path) -> None:
    names = ["ein Ümlaut.txt", 'a "b"\\c.txt', "tab\there", "-rf", "líne\nbreak"]
    folder = tmp_path / "ein Ördner's"
    project = start(
        folder, dict.fromkeys(names, number(9)), dict.fromkeys(names, number(9, l1="x"))
    )
    edit(project, dict.fromkeys(names, number(9, l9="mine")))
    update(project)
    assert {at(project, name) for name in names} == {number(9, l1="x", l9="mine").encode()}
    edit(project, {names[0]: number(9, l1="mine")})
    told = update(project, expect=1)
    assert worktree(told).is_dir()


def test_a_name_that_is_no_utf8(project: Path) -> None:
    odd = os.fsencode(project) + b"/\xff"
    Path(os.fsdecode(odd)).write_text("mine\n")
    edit(project, {})
    update(project, "--apply")
    assert Path(os.fsdecode(odd)).read_text() == "mine\n"


def test_a_file_that_may_not_be_written(project: Path) -> None:
    (project / "a").chmod(0o444)
    update(project, "--apply")
    assert (project / "a").read_bytes() == BOTH


def test_somebody_whom_git_does_not_know(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "GIT_AUTHOR_NAME",
        "GIT_AUTHOR_EMAIL",
        "GIT_COMMITTER_NAME",
        "GIT_COMMITTER_EMAIL",
    ):
        monkeypatch.delenv(name)
    git("config", "user.useConfigOnly", "true", folder=project)
    update(project, "--apply")
    who = git("log", "-1", "--format=%an <%ae>", folder=project)
    assert who == "copier-ml <copier-ml@localhost>\n"


def test_a_template_that_is_not_there_is_told_in_one_line(project: Path) -> None:
    answers = yaml.safe_load((project / ANSWERS).read_text())
    address = "https://template.invalid/x.git"
    edit(project, {ANSWERS: yaml.safe_dump(answers | {"_src_path": address})})
    before = state(project)
    told = update(project, expect=2)
    assert told.err.startswith(f"copier-ml: cannot fetch the template {address}: ")
    assert told.err.count("\n") == 1
    assert state(project) == before


class Locked(BaseHTTPRequestHandler):
    """Deny all access."""

    def do_GET(self) -> None:
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Basic realm="x"')
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def locked() -> Iterator[str]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Locked) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/x.git"
        server.shutdown()


@pytest.mark.parametrize("login", ["", "me:geheim@"])
def test_a_template_that_asks_for_a_password_does_not_wait(
    project: Path, locked: str, login: str
) -> None:
    answers = yaml.safe_load((project / ANSWERS).read_text())
    address = locked.replace("http://", f"http://{login}")
    edit(project, {ANSWERS: yaml.safe_dump(answers | {"_src_path": address})})
    began = time.monotonic()
    process = start_update(project)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 2, out
    assert err.startswith("copier-ml: cannot fetch the template")
    assert err.count("\n") == 1
    assert "geheim" not in err
    assert base64.b64encode(b"me:geheim").decode() not in err
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("arguments", [[], ["--apply"]])
def test_two_updates_at_once_are_as_good_as_one(project: Path, arguments: list[str]) -> None:
    both = [start_update(project, *arguments) for _ in range(2)]
    told = [process.communicate(timeout=60) for process in both]
    codes = [process.returncode for process in both]
    assert 0 in codes, told
    assert set(codes) <= {0, 2}, told
    assert all(err.count("\n") <= 1 for _, err in told)
    check(project, commit="HEAD" if arguments else "template/v2.0.0")
    assert not git("status", "--porcelain", folder=project)
    git("fsck", folder=project)


@pytest.mark.parametrize("delay", [0.6, 1.0])
def test_ctrl_c_stops_it_in_one_line(project: Path, delay: float) -> None:
    before = state(project)
    process = start_update(project)
    time.sleep(delay)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode in (0, 130, -signal.SIGINT)
    # It may not have begun, or have created its branch already, as a whole.
    if git("branch", "--list", "template/v2.0.0", folder=project):
        check(project, commit="template/v2.0.0")
        assert state(project) | {"branches": before["branches"]} == before
    else:
        assert process.returncode
        assert state(project) == before
    if process.returncode == 130:
        assert re.fullmatch(r"copier-ml: stopped(; .+)?\n", err)


def test_preview_of_a_branch_that_is_there(project: Path) -> None:
    update(project)
    assert run("preview", project, "--trust").code == 0
