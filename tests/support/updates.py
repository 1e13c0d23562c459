"""Small templates, projects that were made from them, and `copier-ml update` in this process."""

import contextlib
import io
import os
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from conftest import git
from owner import commit

from copier_ml.cli import main

Files = dict[str, str | bytes | None]
"""Content by path; None deletes."""

SETTINGS: dict[str, Any] = {
    "_subdirectory": "template",
    "_skip_if_exists": ["owned.txt", "owned-*"],
    "_exclude": ["{% if not extra %}extra.txt{% endif %}"],
    "name": {"type": "str", "default": "thing"},
    "extra": {"type": "bool", "default": True},
}
ANSWERS = ".copier-answers.yml"
ANSWERS_TEMPLATE = "template/{{_copier_conf.answers_file}}.jinja"


def number(count: int, **changed: str) -> str:
    """Lines that each are another one; ``l3="x"`` is the third."""
    return "".join(f"{changed.get(f'l{n}', f'line {n}')}\n" for n in range(1, count + 1))


@dataclass(frozen=True)
class Told:
    """How a command ended."""

    code: int
    out: str
    err: str


def write(folder: Path, files: Files) -> None:
    for name, content in files.items():
        path = folder / name
        if content is None:
            path.unlink()
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def make_template(
    folder: Path, *releases: Files, later: dict[str, Any] | None = None, **settings: Any
) -> Path:
    """Make a repository with a release for each set of files, which replaces the one before.

    Settings of copier.yml are those of all releases, but for ``later``, which the first lacks.
    """
    folder.mkdir(parents=True)
    git("init", "--quiet", folder=folder)
    log = ""
    for n, files in enumerate(releases, 1):
        for old in git("ls-files", "-z", folder=folder).split("\0")[:-1]:
            (folder / old).unlink()
            with contextlib.suppress(OSError):
                (folder / old).parent.rmdir()
        log = f"## [{n}.0.0] - 2026-01-0{n}\n\nWhat {n} brings.\n\n{log}"
        write(folder, {f"template/{name}": content for name, content in files.items()})
        asked = SETTINGS | settings | (later or {} if n > 1 else {})
        settled = {"copier.yml": yaml.safe_dump(asked), "CHANGELOG.md": log}
        write(folder, settled | {ANSWERS_TEMPLATE: "{{ _copier_answers|to_nice_yaml }}"})
        commit(folder, f"release {n}")
        git("tag", f"v{n}.0.0", folder=folder)
    return folder


def make_project(folder: Path, template: Path, files: Files, **answers: Any) -> Path:
    """Write what Copier would make of the first release; the files have no Jinja."""
    folder.mkdir(parents=True)
    write(folder, files)
    remembered = {"_commit": "v1.0.0", "_src_path": str(template), "extra": True, "name": "thing"}
    (folder / ANSWERS).write_text(yaml.safe_dump(remembered | answers))
    commit(folder, "start")
    return folder


def start(folder: Path, one: Files, two: Files, **settings: Any) -> Path:
    """Make a template with two releases and a project of the first one."""
    template = make_template(folder / "template", one, two, **settings)
    return make_project(folder / "project", template, one)


def edit(project: Path, files: Files) -> None:
    """Change files as their owner, and commit that."""
    write(project, files)
    commit(project, "edit")


def run(*arguments: str | Path) -> Told:
    """Run ``copier-ml`` in this process."""
    with (
        contextlib.redirect_stdout(io.StringIO()) as out,
        contextlib.redirect_stderr(io.StringIO()) as err,
    ):
        code = main([str(word) for word in arguments])
    return Told(code, out.getvalue(), err.getvalue())


def update(project: Path, *arguments: str, expect: int = 0) -> Told:
    """Update a project, trusting its template."""
    told = run("update", project, "--trust", *arguments)
    assert told.code == expect, told.out + told.err
    assert "Traceback" not in told.out + told.err
    return told


def start_update(project: Path, *arguments: str, **environment: str) -> "subprocess.Popen[str]":
    """Start an update in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "copier_ml", "update", str(project), "--trust", *arguments],
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
    )


def listed(text: str, title: str) -> list[str]:
    """Rows under a title that starts so."""
    rows: list[str] = []
    inside = False
    for line in text.splitlines():
        if line.startswith("## "):
            inside = line.startswith(f"## {title}")
        elif inside and line.startswith("- "):
            rows.append(line[2:])
    return rows


def steps(text: str) -> list[str]:
    """Commands that a text proposes, each in a line of its own that is indented."""
    rows = [line.strip() for line in text.splitlines() if line.startswith("  ")]
    return [row.split("   #")[0].strip() for row in rows]


def worktree(told: Told) -> Path:
    """Return the folder of the unfinished merge."""
    return Path(shlex.split(steps(told.out)[0])[1])


def at(project: Path, path: str, commit: str = "template/v2.0.0") -> bytes | None:
    """Content of a file in a commit; None if it is not there."""
    command = ["git", "show", f"{commit}:{path}"]
    done = subprocess.run(command, cwd=project, capture_output=True, check=False)
    return None if done.returncode else done.stdout


def files_of(project: Path, commit: str = "template/v2.0.0") -> set[str]:
    return set(git("ls-tree", "-r", "-z", "--name-only", commit, folder=project).split("\0")[:-1])


def state(project: Path, *, branches: bool = True) -> dict[str, Any]:
    """All that an update must leave alone, byte for byte."""
    disk: dict[str, Any] = {}
    for top, folders, names in os.walk(project):
        if ".git" in folders:
            folders.remove(".git")
        for name in names:
            path = Path(top, name)
            content = path.readlink() if path.is_symlink() else path.read_bytes()
            disk[str(path.relative_to(project))] = (path.lstat().st_mode, content)
    return {
        "disk": disk,
        "head": git("rev-parse", "HEAD", folder=project),
        "at": (project / ".git" / "HEAD").read_text() if (project / ".git").is_dir() else "",
        "index": git("ls-files", "--stage", "-z", folder=project),
        "branches": git("for-each-ref", folder=project) if branches else "",
    }
