"""The template as it is on disk, and projects made of it in this process."""

import os
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import plumbum
from loaded import ROOT
from space import Answers, label, questions

from copier_ml.shared.copying import make_worker

if TYPE_CHECKING:
    from copier._main import Worker

GIT_IDENTITY = {
    "GIT_AUTHOR_NAME": "Test",
    "GIT_AUTHOR_EMAIL": "test@example.org",
    "GIT_COMMITTER_NAME": "Test",
    "GIT_COMMITTER_EMAIL": "test@example.org",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}
"""Who commits in tests, whatever the machine's git is told."""


def git(*arguments: str, folder: Path) -> str:
    """Run git in a folder and return what it prints."""
    done = subprocess.run(
        ["git", *arguments], cwd=folder, check=True, stdout=subprocess.PIPE, encoding="utf-8"
    )
    return done.stdout


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
        share(worker, template, release)
        worker.run_copy()
    return folder


SHARED: dict[tuple[Path, str], dict[str, Any]] = {}


def share(worker: "Worker", template: Path, release: str | None) -> None:
    """Read and compile a template once for all projects: that takes longer than their render."""
    commit = ""
    if (template / ".git").exists():
        name = f"{release or 'v999.0.0'}^{{commit}}"
        commit = git("rev-parse", "--verify", name, folder=template).strip()
    if (template, commit) not in SHARED:
        if commit:
            folder = template.with_name(f"{template.name}-{commit}")
            git("worktree", "add", "--quiet", "--detach", str(folder), commit, folder=template)
            vars(worker.template)["local_abspath"] = folder.resolve()
        found = {name: getattr(worker, name) for name in ("template", "jinja_env")}
        SHARED[template, commit] = found
    vars(worker).update(SHARED[template, commit])


def render_all(template: Path, variants: Iterable[Answers], folder: Path) -> dict[str, Path]:
    """Render plain files with many answers, side by side; processes with one folder share the work.

    The process that creates a render's folder renders it, and it moves to its place when it is
    whole.
    """
    (folder / "begun").mkdir(parents=True, exist_ok=True)
    (folder / "made").mkdir(exist_ok=True)
    found = {label(answers): answers for answers in variants}
    for name, answers in found.items():
        try:
            (folder / "begun" / name).mkdir()
        except FileExistsError:
            continue
        copy(template, folder / "begun" / name / "project", answers)
        (folder / "begun" / name / "project").rename(folder / "made" / name)
    renders = {name: folder / "made" / name for name in found}
    last = time.monotonic() + 300
    while missing := [name for name, project in renders.items() if not project.exists()]:
        assert time.monotonic() < last, f"another process did not render {missing[0]}"
        time.sleep(0.1)
    return renders
