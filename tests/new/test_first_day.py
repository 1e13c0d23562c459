"""The task after a copy locks and commits; each failure is one line with its fix."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, git

PYPROJECT = """\
[project]
name = "churn"
version = "0.1.0"
requires-python = ">=3.11"
authors = [{ name = "Ada", email = "ada@example.org" }]
dependencies = [
    "no-such-package>=1",
]
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "pyproject.toml").write_text(PYPROJECT)
    return folder


def run_task(project: Path, **environment: str) -> list[str]:
    """Run the task as Copier does and return the lines that it prints."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("UV")}
    done = subprocess.run(
        [sys.executable, ROOT / "extensions" / "first_day.py", "sklearn-none"],
        cwd=project,
        env=kept | environment,
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    return done.stdout.splitlines()


def path_with(tmp_path: Path, *programs: str) -> str:
    """Make a PATH on which there is nothing but these programs."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for program in programs:
        found = subprocess.run(["which", program], check=True, stdout=subprocess.PIPE)
        (folder / program).symlink_to(found.stdout.decode().strip())
    return str(folder)


def test_without_uv_there_is_a_commit_and_one_line(project: Path, tmp_path: Path) -> None:
    (line,) = run_task(project, PATH=path_with(tmp_path, "git"))
    assert line.startswith("uv.lock was not created: uv is not on PATH")
    assert line.endswith("run 'uv lock'.")
    assert git("log", "--format=%s", folder=project) == "chore: start from the copier-ml template\n"
    assert git("status", "--porcelain", folder=project) == ""


def test_without_a_network_there_is_a_commit_and_one_line(project: Path, tmp_path: Path) -> None:
    (line,) = run_task(project, UV_OFFLINE="1", UV_CACHE_DIR=str(tmp_path / "cache"))
    assert line.startswith("uv.lock was not created: ")
    assert line.endswith("Fix that, then run 'uv lock'.")
    assert not (project / "uv.lock").exists()
    assert (project / "pyproject.toml").read_text() == PYPROJECT
    assert git("log", "--format=%an", folder=project) == "Test\n"


def test_a_project_without_dependencies_is_locked(project: Path, tmp_path: Path) -> None:
    text = PYPROJECT.replace('    "no-such-package>=1",\n', "")
    (project / "pyproject.toml").write_text(text)
    assert run_task(project, UV_OFFLINE="1", UV_CACHE_DIR=str(tmp_path / "cache")) == []
    assert 'name = "churn"' in (project / "uv.lock").read_text()


def test_a_repository_that_is_there_is_not_touched(project: Path, tmp_path: Path) -> None:
    git("init", "--quiet", folder=project.parent)
    run_task(project, PATH=path_with(tmp_path, "git"))
    assert not (project / ".git").exists()
    assert git("status", "--porcelain", "--untracked-files=no", folder=project) == ""


def test_without_a_git_user_the_answers_name_the_author(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GIT_AUTHOR", "GIT_COMMITTER"):
        monkeypatch.delenv(f"{name}_NAME")
        monkeypatch.delenv(f"{name}_EMAIL")
    run_task(project, PATH=path_with(tmp_path, "git"))
    assert git("log", "--format=%an %ae", folder=project) == "Ada ada@example.org\n"


def test_without_git_the_project_is_left_as_it_is(project: Path, tmp_path: Path) -> None:
    run_task(project, PATH=path_with(tmp_path))
    assert [path.name for path in project.iterdir()] == ["pyproject.toml"]


def test_a_lock_that_is_there_is_kept(project: Path) -> None:
    (project / "uv.lock").write_text("mine\n")
    assert run_task(project) == []
    assert (project / "uv.lock").read_text() == "mine\n"


INDEX = """
[[tool.uv.index]]
name = "acme"
url = "https://127.0.0.1:9/simple"
authenticate = "always"
"""


@pytest.mark.parametrize(
    ("settings", "known", "remedy"),
    [
        (INDEX, {}, "Set UV_INDEX_ACME_USERNAME and UV_INDEX_ACME_PASSWORD, then run 'uv lock'."),
        (INDEX, {"USERNAME": "a"}, "Set UV_INDEX_ACME_PASSWORD, then run 'uv lock'."),
        (INDEX, {"USERNAME": "a", "PASSWORD": "b"}, "Fix that, then run 'uv lock'."),
        ('[tool.uv]\nkeyring-provider = "subprocess"', {}, "can log in to the package index, then"),
    ],
    ids=["no credentials", "no password", "credentials", "keyring"],
)
def test_a_failed_lock_names_the_missing_credentials(
    project: Path, tmp_path: Path, settings: str, known: dict[str, str], remedy: str
) -> None:
    with (project / "pyproject.toml").open("a") as pyproject:
        pyproject.write(settings)
    login = {f"UV_INDEX_ACME_{part}": text for part, text in known.items()}
    (line,) = run_task(project, UV_OFFLINE="1", UV_CACHE_DIR=str(tmp_path / "cache"), **login)
    assert remedy in line


def configure(tmp_path: Path, text: str) -> dict[str, str]:
    """Write a global configuration of Git, and return the variable that names it."""
    (tmp_path / "gitconfig").write_text(text)
    return {"GIT_CONFIG_GLOBAL": str(tmp_path / "gitconfig")}


@pytest.mark.parametrize("has_workflows", [True, False])
def test_the_default_branch_of_the_user_counts_unless_workflows_name_another(
    project: Path, tmp_path: Path, has_workflows: bool
) -> None:
    (project / "uv.lock").touch()
    if has_workflows:
        (project / ".github" / "workflows").mkdir(parents=True)
    told = run_task(project, **configure(tmp_path, "[init]\ndefaultBranch = trunk\n"))
    branch = git("branch", "--show-current", folder=project).strip()
    if has_workflows:
        why = "The branch is 'main', not 'trunk' (init.defaultBranch): the workflows need it."
        assert (branch, told) == ("main", [why])
    else:
        assert (branch, told) == ("trunk", [])


def test_a_commit_that_cannot_be_signed_is_left_to_the_user(project: Path, tmp_path: Path) -> None:
    (project / "uv.lock").touch()
    settings = "[commit]\ngpgSign = true\n[gpg]\nprogram = no-such-program\n"
    (line,) = run_task(project, **configure(tmp_path, settings))
    assert line.startswith("The first commit failed: ")
    assert line.endswith("then run 'git commit'.")
    assert "pyproject.toml" in git("diff", "--cached", "--name-only", folder=project)
