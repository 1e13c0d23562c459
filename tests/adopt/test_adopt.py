"""A repository adopts the template and keeps all its files."""

import os
import tomllib
from pathlib import Path

import pytest
import yaml
from conftest import git
from tiny import adopt, commit, make_template, release, write

from copier_ml.cli import main

OWNERS = {
    "README.md": "# Mine\n",
    "LICENSE.md": "MIT License\n",
    "docs": "a file\n",
    "src/churn/__init__.py": "",
    "src/churn/train.py": "mine = 1\n",
}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_template(tmp_path_factory.mktemp("template"))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return commit(tmp_path / "churn", OWNERS)


def show(project: Path, path: str, version: str = "v1.1.0", folder: str = "") -> str:
    return git("show", f"template/{folder}adopt-{version}:{path}", folder=project)


def test_new_files_come_in_and_the_owners_stay(template: Path, project: Path) -> None:
    before = git("log", "--format=%H", "--all", folder=project)
    write(project, {"notes.txt": "not committed"})
    assert adopt(template, project, "--yes") == 0

    assert git("rev-parse", "HEAD", folder=project) == before
    assert git("status", "--porcelain", folder=project) == "?? notes.txt\n"
    listed = git("diff", "--name-status", "HEAD", "template/adopt-v1.1.0", folder=project)
    assert listed.split("\n")[:-1] == [
        "A\t.copier-answers.yml",
        "A\tCHANGELOG.md",
        "A\tpyproject.toml",
        "A\tsrc/churn/tune.py",
        "A\tuv.lock",
    ]
    answers = yaml.safe_load(show(project, ".copier-answers.yml"))
    assert answers["_commit"] == "v1.1.0"
    assert answers["_src_path"] == str(template)
    assert (answers["project_name"], answers["package_name"]) == ("churn", "churn")


def test_what_stays_is_named_and_the_templates_can_be_had(
    template: Path, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert adopt(template, project, "--yes") == 0
    told = capsys.readouterr().out
    for row in (
        "- README.md: yours differs from the template's",
        "- LICENSE: you have LICENSE.md",
        "- docs/index.md: you have the file docs",
        "- src/churn/train.py: yours differs from the template's",
        "- src/ (1)",
        "- CHANGELOG.md",
        "Install it with 'uv run just sync', and check it with 'uv run just check'.",
    ):
        assert row in told.splitlines()
    theirs = git("show", "copier-ml/v1.1.0:src/churn/train.py", folder=project)
    assert theirs.endswith("last = 2\n")


def test_names_that_the_owner_has_in_another_way_stay_out(template: Path, tmp_path: Path) -> None:
    project = commit(tmp_path / "churn", {"readme.md": "# Mine\n", "src/churn": "a file\n"})
    write(project, {"CHANGELOG.md": "not committed\n", "docs": "not committed\n"})
    assert adopt(template, project, "--yes") == 0
    added = git("diff", "--name-only", "HEAD", "template/adopt-v1.1.0", folder=project).split()
    assert added == [".copier-answers.yml", "LICENSE", "pyproject.toml", "uv.lock"]


def test_a_module_that_would_hide_one_of_the_owners_stays_out(
    template: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A namespace has no file of its own: a module of its name hides all that is in it."""
    project = commit(tmp_path / "churn", {"churn/train/loop.py": "", "churn/tune.py": ""})
    assert adopt(template, project, "--yes") == 0
    told = capsys.readouterr().out.splitlines()
    assert "- src/churn/train.py: you have the module churn.train.loop" in told
    assert "- src/churn/tune.py: you have the module churn.tune" in told


def test_uv_runs_no_code_of_a_project_that_nobody_trusts(
    template: Path,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("copier_ml.shared.trust.is_trusted", lambda _: True)
    assert main(["adopt", str(project), "--template", str(template), "--yes"]) == 0
    assert "uv may run code of a project to lock it" in capsys.readouterr().out
    assert "uv.lock" not in git("ls-tree", "-r", "template/adopt-v1.1.0", folder=project)


def test_a_lock_that_cannot_be_made_is_named(
    template: Path, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    commit(project, {"requirements.txt": "no-such-distribution-of-ours==1.0\n"})
    assert adopt(template, project, "--yes") == 0
    told = capsys.readouterr().out
    assert "lock', which was not possible: " in told
    assert "no-such-distribution-of-ours" in told


def test_what_is_no_plain_file_stays(template: Path, tmp_path: Path) -> None:
    project = commit(tmp_path / "churn", {"run.sh": "true\n"})
    (project / "run.sh").chmod(0o755)
    (project / "LICENSE").symlink_to("run.sh")
    (project / os.fsdecode(b"no-text-\xff")).write_text("mine\n")
    commit(project, {})
    head = git("rev-parse", "HEAD", folder=project).strip()
    git("update-index", "--add", "--cacheinfo", f"160000,{head},docs", folder=project)
    git("commit", "--quiet", "--message", "submodule", folder=project)
    assert adopt(template, project, "--yes") == 0
    between = ("diff", "--name-status", "HEAD", "template/adopt-v1.1.0")
    assert {row[0] for row in git(*between, folder=project).splitlines()} == {"A"}
    listed = git("ls-tree", "-r", "--name-only", "template/adopt-v1.1.0", folder=project)
    assert "docs" in listed.splitlines()


def test_an_adopted_project_is_updated_without_losing_a_line(
    template: Path, tmp_path: Path
) -> None:
    project = commit(tmp_path / "churn", {"README.md": "# Mine\n", "LICENSE": "MIT License\n"})
    assert adopt(template, project, "--yes", "--vcs-ref", "v1.0.0") == 0
    git("merge", "--quiet", "template/adopt-v1.0.0", folder=project)
    git("rm", "--quiet", "docs/index.md", folder=project)
    train = project / "src/churn/train.py"
    commit(project, {"src/churn/train.py": train.read_text().replace("first = 1", "first = 7")})

    assert main(["update", str(project), "--trust", "--apply"]) == 0
    assert train.read_text() == "first = 7\n\n\n\n\n\nlast = 2\n"
    assert (project / "src/churn/tune.py").exists()
    assert (project / "README.md").read_text() == "# Mine\n"
    assert not (project / "docs").exists()
    recorded = yaml.safe_load((project / ".copier-answers.yml").read_text())
    assert (recorded["_commit"], recorded["license"]) == ("v1.1.0", "MIT")


def test_what_was_kept_stays_the_owners_until_it_is_like_the_templates(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = "".join(f"line {number}\n" for number in range(20))
    template = release(make_template(tmp_path / "t"), "v1.2.0", {"a.txt": lines, "b.txt": lines})
    project = commit(tmp_path / "churn", {"a.txt": "mine\n", "b.txt": "mine\n"})
    assert adopt(template, project, "--yes") == 0
    git("merge", "--quiet", "template/adopt-v1.2.0", folder=project)
    commit(project, {"b.txt": f"mine\n\n{lines}"})  # It took the template's in.

    later = lines.replace("line 12", "line twelve")
    release(template, "v1.3.0", {"a.txt": later, "b.txt": later})
    capsys.readouterr()
    assert main(["update", str(project), "--trust", "--apply"]) == 0
    assert "- a.txt: it is yours\n" in capsys.readouterr().out
    assert (project / "a.txt").read_text() == "mine\n"
    assert (project / "b.txt").read_text() == f"mine\n\n{later}"


def test_a_guess_that_the_template_refuses_gives_way_and_is_named(
    template: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {"pyproject.toml": '[project]\nname = "data"\nlicense = "GPL-3.0-only"\n'}
    project = commit(tmp_path / "folder", files)
    assert adopt(template, project, "--yes", "--data", "project_name=Churn") == 0
    told = capsys.readouterr().out.splitlines()
    assert '- package_name: "churn" (instead of "data": pyproject.toml)' in told
    reason = "pyproject.toml: not a license that the template offers"
    assert f'- license: "MIT" (instead of "existing": {reason})' in told
    assert '- project_name: "Churn" (given)' in told


def test_each_project_of_a_repository_has_branches_of_its_own(
    template: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = "models/churn/README.md", "models/a b/README.md"
    project = commit(
        tmp_path / "repository", {"LICENSE": "of the whole\n"} | dict.fromkeys(own, "# Mine\n")
    )
    branches = []
    for name in ("churn", "a b"):
        assert adopt(template, project / "models" / name, "--yes") == 0
        told = capsys.readouterr().out
        branch = told.partition("The files are on the branch ")[2].partition(".\n")[0]
        assert git("show", f"{branch}:models/{name}/README.md", folder=project) == "# Mine\n"
        assert git("show", f"{branch}:LICENSE", folder=project) == "of the whole\n"
        theirs = f"refs/{branch.replace('template', 'copier-ml').replace('adopt-', '')}"
        assert git("show", f"{theirs}:models/{name}/pyproject.toml", folder=project)
        branches.append(branch)
    assert branches[0] == "template/models/churn/adopt-v1.1.0"
    assert len(git("branch", "--list", "template/*", folder=project).splitlines()) == 2
    written = show(project, "models/churn/pyproject.toml", folder="models/churn/")
    assert tomllib.loads(written)["project"]["name"] == "churn"
    answers = show(project, "models/churn/.copier-answers.yml", folder="models/churn/")
    assert yaml.safe_load(answers)["project_name"] == "churn"


def test_a_shallow_clone_does_not_take_the_owners_files_for_the_templates(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = "".join(f"line {number}\n" for number in range(20))
    template = release(make_template(tmp_path / "t"), "v1.2.0", {"a.txt": lines})
    project = commit(tmp_path / "churn", {"a.txt": "mine\n"})
    assert adopt(template, project, "--yes") == 0
    git("merge", "--quiet", "template/adopt-v1.2.0", folder=project)
    release(template, "v1.3.0", {"a.txt": lines.replace("line 12", "line twelve")})
    shallow = tmp_path / "shallow"
    git("clone", "--quiet", "--depth=1", project.as_uri(), str(shallow), folder=tmp_path)
    capsys.readouterr()
    assert main(["update", str(shallow), "--trust", "--apply"]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "the origin of a.txt is unknown: run 'git fetch --unshallow'" in told

    git("fetch", "--quiet", "--unshallow", folder=shallow)
    assert main(["update", str(shallow), "--trust", "--apply"]) == 0
    assert "- a.txt: it is yours\n" in capsys.readouterr().out
    assert (shallow / "a.txt").read_text() == "mine\n"


def test_a_second_attempt_takes_the_place_of_the_first(template: Path, project: Path) -> None:
    assert adopt(template, project, "--yes") == 0
    assert adopt(template, project, "--yes", "--data", "package_name=attrition") == 0
    assert "package_name: attrition" in show(project, ".copier-answers.yml")


def test_the_owner_corrects_the_guesses(
    template: Path, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    defaults = {}

    def answer(_: list[dict[str, object]], answers: dict[str, object]) -> object:
        (name,) = answers
        defaults[name] = answers[name]
        return {name: "Attrition" if name == "project_name" else answers[name]}

    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("copier._main.unsafe_prompt", answer)
    assert adopt(template, project, "--data", "has_gpu=true") == 0
    assert defaults["project_name"] == defaults["package_name"] == "churn"
    assert "has_gpu" not in defaults
    assert "project_name: Attrition" in show(project, ".copier-answers.yml")


def test_uv_does_not_write_through_a_link(
    template: Path, project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "outside").write_text("mine\n")
    (project / "uv.lock").symlink_to(tmp_path / "outside")
    commit(project, {})
    assert adopt(template, project, "--yes") == 0
    assert "uv.lock is a symbolic link; replace it with the file" in capsys.readouterr().out
    assert (tmp_path / "outside").read_text() == "mine\n"
