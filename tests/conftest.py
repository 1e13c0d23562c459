"""Fixtures: the template as it is on disk, and projects made of it, once per set of answers."""

import gc
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from loaded import ROOT
from plumbum import local
from renders import GIT_IDENTITY, copy, git, render_all, take_snapshot
from space import Answers, coverage, domain, every_stack, every_variant, label, questions

from copier_ml.shared.releases import tag_missing

if TYPE_CHECKING:
    from owner import Project

__all__ = [
    "GIT_IDENTITY",
    "ROOT",
    "Answers",
    "Render",
    "copy",
    "domain",
    "every_stack",
    "every_variant",
    "git",
    "label",
    "questions",
    "take_snapshot",
]
"""What many tests need, of this and of the modules beside it."""

collect_ignore = ["project/inside"]  # Run inside of a project, see project/test_inside.py.

Render = Callable[[Answers], Path]

LONGEST = ("test_golden", "test_transcripts", "test_faults", "test_servers", "test_update_kills")
"""Files of the tests that take longest; they go first."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest: begun last, it would leave all processes but one idle."""
    places = {stem: place for place, stem in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.stem, len(LONGEST)))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how much of the space of answers was rendered, where all of it was checked."""
    passed = (report.nodeid for report in terminalreporter.getreports("passed"))
    if any("test_every_variant.py::" in name for name in passed):
        terminalreporter.write_line(coverage())


@pytest.fixture(autouse=True, scope="session")
def quiet_machine(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep the machine's settings of git, Copier, copier-ml and signals out of the tests."""
    settings = tmp_path_factory.mktemp("copier") / "settings.yml"
    settings.write_text("{}")
    state = {"COPIER_SETTINGS_PATH": str(settings), "XDG_STATE_HOME": str(settings.parent)}
    os.environ |= GIT_IDENTITY | state
    gc.set_threshold(100_000, 20, 50)  # Renders create many objects, and keep most of them.
    # Begun in the background of a script, it and all that it starts would be deaf to Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def nobody_answers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let uv ask an index that is nowhere once, instead of four times within ten seconds."""
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    with local.env(UV_HTTP_RETRIES="0"):  # Copier's processes have the variables of its import.
        yield


@pytest.fixture(scope="session")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Template as it is on disk, as a repository that Copier can copy and update from."""
    return take_snapshot(tmp_path_factory.mktemp("template"))


@pytest.fixture(scope="session")
def unpacked(snapshot: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same as plain files: of a repository, Copier makes a clone for every render."""
    folder = tmp_path_factory.mktemp("unpacked") / "template"
    return shutil.copytree(snapshot, folder, ignore=shutil.ignore_patterns(".git"))


@pytest.fixture(scope="session")
def covering(unpacked: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the few renders of covering.py, which tests must not change."""
    from covering import render_all

    return render_all(unpacked, tmp_path_factory.mktemp("covering"))


@pytest.fixture(scope="session")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository with a tag for every release, and what is on disk as its newest."""
    folder = tmp_path_factory.mktemp("history") / "template"
    alone = ("--quiet", "--no-hardlinks", "--no-tags")
    git("clone", *alone, str(ROOT), str(folder), folder=ROOT)
    tag_missing(folder)
    for path in git("ls-files", "-z", folder=folder).split("\0")[:-1]:
        (folder / path).unlink()
    return take_snapshot(folder)


@pytest.fixture(scope="session")
def render(snapshot: Path, tmp_path_factory: pytest.TempPathFactory) -> Render:
    """Render a project; the same answers give the same folder, which tests must not change."""
    done: dict[str, Path] = {}

    def _render(answers: Answers) -> Path:
        key = repr(sorted(answers.items()))
        if key not in done:
            done[key] = copy(snapshot, tmp_path_factory.mktemp("project"), answers)
        return done[key]

    return _render


@pytest.fixture(scope="session")
def everything(snapshot: Path, tmp_path_factory: pytest.TempPathFactory) -> "Project":
    """A project with all parts, installed once; tests use clones of it."""
    from owner import Project, find_uv

    folder = tmp_path_factory.mktemp("everything") / "project"
    copy(snapshot, folder, {"profile": "everything"}, tasks=True, UV=find_uv())
    project = Project(folder)
    project.uv("sync", "--group", "docs")
    return project


@pytest.fixture(scope="session")
def renders(unpacked: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every variant, side by side, for tools that take many folders; tests must not change them."""
    base = tmp_path_factory.getbasetemp()
    # Processes of one run have folders of their own, below one that they share.
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    return render_all(unpacked, every_variant(), shared / "variants")
