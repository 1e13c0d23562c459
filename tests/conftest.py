"""Render the working tree, once per set of answers."""

import itertools
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from copier import run_copy

ROOT = Path(__file__).parent.parent

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


@pytest.fixture(autouse=True, scope="session")
def quiet_machine(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep the machine's settings of git and Copier out of the tests."""
    settings = tmp_path_factory.mktemp("copier") / "settings.yml"
    settings.write_text("{}")
    os.environ |= GIT_IDENTITY | {"COPIER_SETTINGS_PATH": str(settings)}


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
    choices = questions()[name]["choices"]
    values = list(choices.values() if isinstance(choices, dict) else choices)
    if not questions()[name].get("multiselect"):
        return values
    sizes = range(len(values) + 1)
    return [list(subset) for size in sizes for subset in itertools.combinations(values, size)]


def every_variant() -> list[Answers]:
    """All combinations of all choices."""
    names = [name for name, question in questions().items() if "choices" in question]
    rows = itertools.product(*map(domain, names))
    return [dict(zip(names, row, strict=True)) for row in rows]


def label(answers: Answers) -> str:
    """Readable test id, such as ``MIT-github-sklearn-3.11-docs+notebooks``."""
    return "-".join("+".join(v) or "bare" if isinstance(v, list) else v for v in answers.values())


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
    git("commit", "--quiet", "--message", "snapshot", folder=folder)
    git("tag", "v999.0.0", folder=folder)
    return folder


@pytest.fixture(scope="session")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Template as it is on disk, as a repository that Copier can copy and update from."""
    return take_snapshot(tmp_path_factory.mktemp("template"))


def copy(template: Path, folder: Path, answers: Answers, *, tasks: bool = False) -> Path:
    """Render a project. Copier would take unknown answers in silence; this does not."""
    unknown = answers.keys() - questions().keys()
    assert not unknown, f"no such question: {unknown}"
    run_copy(
        str(template),
        folder,
        data=answers,
        defaults=True,
        unsafe=True,
        quiet=True,
        skip_tasks=not tasks,
    )
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
