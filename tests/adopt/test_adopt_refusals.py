"""What cannot be adopted is refused in one line, and nothing is left behind."""

from pathlib import Path

import pytest
from conftest import git
from tiny import adopt, commit, make_template

from copier_ml.cli import main


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_template(tmp_path_factory.mktemp("template"))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return commit(tmp_path / "churn", {"README.md": "# Mine\n"})


def refuse(template: Path, project: Path, capsys: pytest.CaptureFixture[str], *options: str) -> str:
    assert adopt(template, project, *options) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert not git("for-each-ref", "refs/heads/template", "refs/copier-ml", folder=project)
    return line


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--yes", "-d", "license=GPL"], "'license': 'GPL' is not in"),
        (["--yes", "-d", "package_name=data"], "package_name: data is taken"),
        (["--yes", "-d", "licence=MIT"], "did you mean 'license'?"),
        (["--yes", "--vcs-ref", "v7"], "has no version 'v7'; its newest is v1.1.0"),
        ([], "--yes"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(
    template: Path,
    project: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
    says: str,
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: False)
    assert says in refuse(template, project, capsys, *options)


def test_only_a_repository_without_a_template_is_adopted(
    template: Path, project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    commit(project, {".copier-answers.yml": "_commit: v1.0.0\n"})
    assert "has a template already" in refuse(template, project, capsys, "--yes")
    empty = tmp_path / "empty"
    empty.mkdir()
    assert adopt(template, empty, "--yes") == 2
    assert "is not in a Git repository" in capsys.readouterr().err
    git("init", "--quiet", folder=empty)
    assert "has no commit;" in refuse(template, empty, capsys, "--yes")


def test_code_of_a_template_that_nobody_trusts_does_not_run(
    template: Path, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["adopt", str(project), "--template", str(template), "--yes"]) == 2
    assert "add --trust" in capsys.readouterr().err
