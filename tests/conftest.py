"""Render the working tree, once per set of answers."""

import itertools
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import plumbum
import pytest
import yaml
from loaded import ROOT, matrix

from copier_ml.copying import make_worker
from copier_ml.releases import tag_missing

Answers = dict[str, Any]
Render = Callable[[Answers], Path]

GIT_IDENTITY = {
    "GIT_AUTHOR_NAME": "Test",
    "GIT_AUTHOR_EMAIL": "test@example.org",
    "GIT_COMMITTER_NAME": "Test",
    "GIT_COMMITTER_EMAIL": "test@example.org",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}
"""Who commits in tests, whatever the machine's git is told."""

LONGEST = ("test_golden", "test_transcripts", "test_faults", "test_servers", "test_update_kills")
"""Files of the tests that take longest; they go first."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest: begun last, it would leave all processes but one idle."""
    places = {stem: place for place, stem in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.stem, len(LONGEST)))


@pytest.fixture(autouse=True, scope="session")
def quiet_machine(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep the machine's settings of git and Copier out of the tests."""
    settings = tmp_path_factory.mktemp("copier") / "settings.yml"
    settings.write_text("{}")
    os.environ |= GIT_IDENTITY | {"COPIER_SETTINGS_PATH": str(settings)}


STRIDE = 29
"""Step through the turns of the other questions, prime to their number, so that all are taken."""


def git(*arguments: str, folder: Path) -> str:
    """Run git in a folder and return what it prints."""
    done = subprocess.run(
        ["git", *arguments], cwd=folder, check=True, stdout=subprocess.PIPE, encoding="utf-8"
    )
    return done.stdout


def questions() -> dict[str, Any]:
    """Questions of copier.yml, without its settings."""
    loaded = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))
    return {name: value for name, value in loaded.items() if not name.startswith("_")}


def domain(name: str) -> list[Any]:
    """Every answer of a question with choices; a multiselect has each subset."""
    offered = {"cuda_version": matrix.offered_cudas, "python_version": matrix.offered_pythons}
    if name in offered:
        return offered[name]()
    choices = questions()[name]["choices"]
    values = list(choices.values() if isinstance(choices, dict) else choices)
    if not questions()[name].get("multiselect"):
        return values
    sizes = range(len(values) + 1)
    return [list(subset) for size in sizes for subset in itertools.combinations(values, size)]


def every_stack() -> list[Answers]:
    """All frameworks, Pythons and CUDAs that go together."""
    names = ("framework", "python_version", "cuda_version")
    rows = itertools.product(*map(domain, names))
    return [dict(zip(names, row, strict=True)) for row in rows if not matrix.refuse_stack(*row)]


def every_index() -> list[Answers]:
    """All places where packages can come from, with every way to log in."""
    named = {"package_index_url": "https://packages.example.org/simple"}
    return [
        {"package_index": index, "package_index_auth": auth} | (named if index != "public" else {})
        for index, auth in itertools.product(domain("package_index"), domain("package_index_auth"))
        if index != "public" or auth == "none"
    ]


def every_variant() -> list[Answers]:
    """Each stack at each index; other questions take turns, until every pair of answers has met.

    Their full product would be sixty times as many.
    """
    named = [name for name, question in questions().items() if "choices" in question]
    others = [name for name in named if name not in {**every_stack()[0], **every_index()[0]}]
    turns = list(itertools.product(*map(domain, others)))
    return [
        stack | index | dict(zip(others, turns[n * STRIDE % len(turns)], strict=True))
        for n, (index, stack) in enumerate(itertools.product(every_index(), every_stack()))
    ]


def label(answers: Answers) -> str:
    """Readable test id, such as ``pytorch-3.11-13.0-mirror-token-MIT-github-docs+notebooks``."""
    texts = ["+".join(v) or "bare" if isinstance(v, list) else v for v in answers.values()]
    return "-".join(text for text in texts if "/" not in text)


def take_snapshot(folder: Path) -> Path:
    """Copy the template as it is on disk, committed or not, into a tagged Git repository."""
    listed = git("ls-files", "-z", "--cached", "--others", "--exclude-standard", folder=ROOT)
    for name in filter(None, listed.split("\0")):
        source, target = ROOT / name, folder / name
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
            target.chmod(source.stat().st_mode)
    git("init", "--quiet", folder=folder)
    git("add", "--all", folder=folder)
    # In a clone of a commit, nothing differs; the snapshot needs a commit of its own all the same.
    git("commit", "--quiet", "--allow-empty", "--message", "snapshot", folder=folder)
    git("tag", "v999.0.0", folder=folder)
    return folder


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
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository with a tag for every release, and what is on disk as its newest."""
    folder = tmp_path_factory.mktemp("history") / "template"
    git("clone", "--quiet", "--no-hardlinks", str(ROOT), str(folder), folder=ROOT)
    tag_missing(folder)
    for path in git("ls-files", "-z", folder=folder).split("\0")[:-1]:
        (folder / path).unlink()
    return take_snapshot(folder)


def copy(
    template: Path,
    folder: Path,
    answers: Answers,
    *,
    release: str | None = None,
    tasks: bool = False,
    **environment: str,
) -> Path:
    """Render a project. Copier would take unknown answers in silence; this does not.

    Its tasks see the environment of the moment when Copier was imported, and what is given.
    """
    unknown = answers.keys() - questions().keys()
    assert release or not unknown, f"no such question: {unknown}"
    options = {"defaults": True, "quiet": True, "skip_tasks": not tasks, "unsafe": True}
    asked = {"src_path": str(template), "dst_path": folder, "data": answers, "vcs_ref": release}
    with plumbum.local.env(**environment), make_worker(**asked, **options) as worker:
        worker.run_copy()
    return folder


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
