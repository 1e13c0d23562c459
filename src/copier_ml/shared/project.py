"""A project created from the template: its location and its answers."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from . import partial
from .git import Git, GitError, check_version

ANSWERS_FILE = ".copier-answers.yml"


@dataclass(frozen=True)
class Project:
    """A project at its last commit. Uncommitted changes are ignored."""

    root: Path
    """Root of the working tree."""

    prefix: str
    """Path from the root to the project, empty or with a trailing ``/``."""

    head: str
    """Current commit."""

    answers: dict[str, Any]
    """Contents of the answers file."""

    @property
    def git(self) -> Git:
        """Git in the repository of the project."""
        return Git(self.root)

    @property
    def folder(self) -> Path:
        """The project's own folder."""
        return self.root / self.prefix

    @property
    def name(self) -> str:
        """Name of the project in messages."""
        return self.folder.name

    @property
    def source(self) -> str:
        """Address of its template."""
        return str(self.answers["_src_path"])

    @property
    def commit(self) -> str:
        """Version of its template: a tag, or what ``git describe`` says of a commit."""
        return str(self.answers["_commit"])


def find(folder: Path) -> Project:
    """Find the project in a folder.

    Raises:
        ValueError: The folder does not exist, or has no repository, commit or answers file.
    """
    found = locate(folder)
    answers = _read_answers(found.git, found.head, found.prefix, folder)
    return replace(found, answers=answers)


def locate(folder: Path) -> Project:
    """Find a repository that need not be a project of the template yet.

    Raises:
        ValueError: The folder does not exist, or has no repository or commit; Git is too old; or a
            partial clone cannot be completed.
    """
    if not folder.is_dir():
        raise ValueError(f"{folder} is not a folder; give the folder of a project")
    check_version()
    git = Git(folder)
    root, prefix = _locate(git)
    head = git.attempt("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    if head.returncode:
        raise ValueError(f"{folder} has no commit; commit the project first")
    partial.complete(git)
    return Project(root, prefix, head.stdout.decode().strip(), {})


def _locate(git: Git) -> tuple[Path, str]:
    found = git.attempt("rev-parse", "--show-toplevel", "--show-prefix")
    if not found.returncode:
        root, _, prefix = found.stdout.decode("utf-8", "surrogateescape").partition("\n")
        return Path(root), prefix.strip("\n")
    if b"not a git repository" in found.stderr:
        raise ValueError(f"{git.folder} is not in a Git repository; run 'git init' and commit")
    raise GitError(found, git.folder)


def _read_answers(git: Git, head: str, prefix: str, folder: Path) -> dict[str, Any]:
    found = git.attempt("show", f"{head}:{prefix}{ANSWERS_FILE}")
    if found.returncode:
        remedy = (
            "commit it" if (folder / ANSWERS_FILE).exists() else "run 'copier-ml adopt' to add one"
        )
        raise ValueError(f"{folder} has no {ANSWERS_FILE} in its last commit; {remedy}")
    return parse_answers(found.stdout, folder)


def parse_answers(text: bytes, folder: Path) -> dict[str, Any]:
    """Parse the answers file of the project in a folder.

    Raises:
        ValueError: It is invalid YAML, or does not name its template.
    """
    from yaml import YAMLError, safe_load

    try:
        answers = safe_load(text)
    except (YAMLError, ValueError, RecursionError) as error:  # Also 2026-99-99, and 1,000 brackets.
        line = getattr(getattr(error, "problem_mark", None), "line", 0) + 1
        raise ValueError(
            f"{folder / ANSWERS_FILE}:{line} is invalid YAML in the last commit; restore the file "
            "from Git's history, for example with 'git log -p'"
        ) from error
    for key in ("_src_path", "_commit"):
        if not isinstance(answers, dict) or not isinstance(answers.get(key), str):
            raise ValueError(
                f"{folder / ANSWERS_FILE} has no text for {key}; restore the file from Git's "
                "history, for example with 'git log -p'"
            )
    return dict(answers)
