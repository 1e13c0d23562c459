"""The command line starts a project, or leaves nothing behind but one line."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from copier_ml.cli import main
from copier_ml.new import command as new_command
from copier_ml.shared import source, uv

COPIER_YML = r"""
_subdirectory: template
_tasks:
  - [python3, -c, "{{ task }}"]
project_name:
  type: str
package_name:
  type: str
  default: "{{ project_name | lower | replace(' ', '_') }}"
  validator: "{% if not package_name.isidentifier() %}{{ package_name }} is no name.{% endif %}"
license:
  type: str
  choices: [MIT, Proprietary]
  default: MIT
features:
  type: str
  multiselect: true
  choices: [docs, serve]
  default: []
seed:
  type: int
  default: 0
task:
  type: str
  default: "open('task.txt', 'w')"
  when: false
"""
ANSWERS = "{{ _copier_answers | to_nice_yaml }}"


def git(folder, *args):
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.com"]
    command = ["git", "-C", folder, *identity, *args]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def commit(folder, message):
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", message)


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """A tiny template with the tags v1.0.0 and v1.1.0, and one commit after them."""
    folder = tmp_path_factory.mktemp("repository")
    (folder / "template").mkdir()
    (folder / "template" / "{{ _copier_conf.answers_file }}.jinja").write_text(ANSWERS)
    (folder / "copier.yml").write_text(COPIER_YML)
    git(folder, "init", "-q")
    for name in ("v1.0.0", "v1.1.0", "untagged"):
        (folder / "template" / "version.txt").write_text(name)
        commit(folder, name)
        if name.startswith("v"):
            git(folder, "tag", name)
    return folder


@pytest.fixture
def new(repository, tmp_path, monkeypatch):
    """Run ``copier-ml new DEST --template REPOSITORY --defaults ...`` in an empty folder."""
    (tmp_path / "settings.yml").write_text("defaults: {}")
    monkeypatch.setenv("COPIER_SETTINGS_PATH", str(tmp_path / "settings.yml"))
    monkeypatch.setenv("COPIER_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")

    def run(*args, dest="churn", name="Churn Model"):
        data = ["-d", f"project_name={name}"]
        return main(["new", dest, "--template", str(repository), "--defaults", *data, *args])

    return run


@pytest.fixture
def refused(new, capsys):
    """Run it, expect one line on stderr and an empty folder, and give the line."""

    def run(*args, **settings):
        before = sorted(Path().rglob("*"))
        assert new("--quiet", *args, **settings) == 1
        assert sorted(Path().rglob("*")) == before, "something was left behind"
        (line,) = capsys.readouterr().err.splitlines()
        return line.removeprefix("copier-ml: ")

    return run


def answers(dest="churn"):
    return yaml.safe_load(Path(dest, ".copier-answers.yml").read_text())


def test_a_project_is_written_from_the_latest_tag(new, repository):
    assert new("--quiet") == 0
    assert answers() == {
        "_commit": "v1.1.0",
        "_src_path": str(repository),
        "project_name": "Churn Model",
        "package_name": "churn_model",
        "license": "MIT",
        "features": [],
        "seed": 0,
    }
    assert Path("churn/task.txt").exists()


@pytest.mark.parametrize(
    ("dest", "title"), [("web-shop", "Web Shop"), ("7 dwarfs", None), ("größe", None)]
)
def test_a_project_is_called_like_its_folder_if_that_is_plain(repository, tmp_path, dest, title):
    folder = tmp_path / dest
    told = main(["new", str(folder), "--template", str(repository), "-lq"])
    assert told == (0 if title else 1)  # The question of this template has no default.
    assert not title or answers(folder)["project_name"] == title


def test_a_ref_gives_an_older_version(new):
    assert new("--quiet", "--vcs-ref", "v1.0.0") == 0
    assert answers()["_commit"] == Path("churn/version.txt").read_text() == "v1.0.0"


def test_the_commit_of_an_install_comes_out_as_its_tag(repository, tmp_path, monkeypatch):
    installed = source.Source(str(repository), git(repository, "rev-parse", "v1.0.0"))
    monkeypatch.setattr(source, "installed", lambda: installed)
    assert main(["new", str(tmp_path / "x"), "-lq", "-d", "project_name=X"]) == 0
    assert answers(tmp_path / "x")["_commit"] == "v1.0.0"


def test_data_wins_over_the_data_file(new):
    Path("answers.yml").write_text("license: Proprietary\nfeatures: [docs]\nseed: 1\n")
    assert new("-q", "--data-file", "answers.yml", "-d", "seed=2", "-d", "features=[serve]") == 0
    assert (answers()["license"], answers()["seed"]) == ("Proprietary", 2)
    assert answers()["features"] == ["serve"]


def test_the_answers_of_a_project_start_another_one(new):
    new("--quiet", "-d", "seed=7")
    assert new("--quiet", "--data-file", "churn/.copier-answers.yml", dest="again") == 0
    assert answers("again") == answers("churn")


@pytest.mark.parametrize(
    ("programs", "uv"), [("git uv", "uv"), ("git", "python3 -m uv")], ids=["uv", "no uv"]
)
def test_the_next_steps_can_be_pasted(new, capsys, monkeypatch, programs, uv):
    for program in programs.split():
        Path(program).symlink_to(shutil.which("git"))
    monkeypatch.setenv("PATH", str(Path.cwd()))
    assert new("--skip-tasks", dest="my churn") == 0
    steps = ["Next:", "  cd 'my churn'", f"  {uv} run just sync", f"  {uv} run churn-model train"]
    assert capsys.readouterr().out.splitlines()[-4:] == steps


def test_a_summary_counts_the_files_and_verbose_lists_them(new, capsys):
    assert new() == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    assert printed.out.splitlines()[0] == "Created 3 files in churn."
    assert new("--verbose", dest="again") == 0
    printed = capsys.readouterr()
    assert "create" in printed.err
    assert "version.txt" in printed.err


@pytest.mark.parametrize("auth", ["none", "token", "keyring"])
def test_without_a_lock_the_next_steps_create_one(tmp_path, monkeypatch, capsys, auth):
    monkeypatch.delenv("UV_INDEX_ACME_PASSWORD", raising=False)
    (tmp_path / "pyproject.toml").touch()
    answers = {"package_name": "churn", "package_index_name": "acme", "package_index_auth": auth}
    new_command._print_next_steps(tmp_path, answers, is_ready=False)
    login = {
        "none": [],
        "token": ["  # Set UV_INDEX_ACME_USERNAME and UV_INDEX_ACME_PASSWORD"],
        "keyring": ["  # Log in to the package index with your keyring program"],
    }[auth]
    before_sync = [*login, f"  {uv.in_shell()} lock", f"  {uv.in_shell()} run just sync"]
    assert capsys.readouterr().out.splitlines()[2:-1] == before_sync
    (tmp_path / "uv.lock").touch()
    new_command._print_next_steps(tmp_path, answers, is_ready=False)
    assert len(capsys.readouterr().out.splitlines()) == 4


def test_quiet_prints_nothing(new, capsys):
    new("--quiet")
    assert capsys.readouterr() == ("", "")


def test_tasks_can_be_skipped(new):
    assert new("--quiet", "--skip-tasks") == 0
    assert not Path("churn/task.txt").exists()


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["-d", "licence=MIT"], ["'licence'", "'license'"]),
        (["-d", "tusk=x"], ["'tusk'; its questions are project_name, package_name, "]),
        (["-d", "colour=red"], ["'colour'; its questions are project_name, package_name, lic"]),
        (["-d", "license=GPL"], ["license", "'GPL'", "MIT"]),
        (["-d", "package_name=9x"], ["package_name", "9x is no name"]),
        (["-d", "features=docs"], ["features", "'docs'", "[a, b]"]),
        (["-d", "features=[docs"], ["features", "'[docs'"]),
        (["-d", "features=[nope]"], ["features", "'nope'"]),
        (["-d", "seed=many"], ["seed", "'many'"]),
        (["-d", "task=raise SystemExit(3)"], ["status 3"]),
        (["-d", "task={{ 1 | nofilter }}"], ["exit status"]),
        (["--data-file", "nope.yml"], ["nope.yml: No such file"]),
        (["--data-file", "."], [".: Is a directory"]),
        (["--vcs-ref", "v9"], ["'v9'", "--vcs-ref"]),
        (["--template", "/nowhere"], ["/nowhere", "--template"]),
        (["--template", "."], ["no questions", "--template"]),
        (["--template", "/nowhere/ml.git"], ["/nowhere/ml.git", "does not"]),
    ],
    ids=lambda value: " ".join(value)[:30],
)
def test_a_mistake_is_one_line_with_its_value_and_place(refused, args, words):
    line = refused(*args)
    assert [word for word in words if word not in line] == [], line


@pytest.mark.parametrize("text", ["seed: [", "- seed", "", "sead: 1", "seed: [1]", "seed:"])
def test_a_bad_data_file_is_refused(refused, text):
    Path("answers.yml").write_text(text)
    line = refused("--data-file", "answers.yml")
    assert "answers.yml" in line or "seed" in line


def test_a_folder_with_files_is_refused(refused):
    Path("churn").mkdir()
    Path("churn/mine.txt").touch()
    line = refused()
    assert "mine.txt" in line
    assert "--overwrite" in line


def test_a_file_is_refused_even_with_overwrite(refused):
    Path("churn").touch()
    assert "churn is a file" in refused("--overwrite")


@pytest.mark.parametrize("dest", ["link", "link/churn", "link/a/churn"])
@pytest.mark.parametrize("target", ["nowhere", "../nowhere/deep", "link"])
def test_a_link_to_nothing_is_refused_and_stays(refused, dest, target):
    Path("link").symlink_to(target)
    for options in ([], ["--overwrite"]):
        told = refused(*options, dest=dest)
        assert told == "link is a broken link; remove it, or choose another folder"
        assert Path("link").readlink() == Path(target)


def test_a_link_to_a_folder_is_filled_and_a_failure_leaves_it(new, refused):
    Path("real").mkdir()
    Path("link").symlink_to("real")
    assert "exit status 1" in refused("-d", "task=raise SystemExit(1)", dest="link")
    assert "exit status 1" in refused("-d", "task=raise SystemExit(1)", dest="link/a/churn")
    assert Path("link").readlink() == Path("real")
    assert new("--quiet", dest="link") == 0
    assert Path("real/.copier-answers.yml").exists()
    assert "has .copier-answers.yml" in refused(dest="link")


def test_overwriting_keeps_other_files(new):
    Path("churn").mkdir()
    Path("churn/mine.txt").touch()
    Path("churn/version.txt").write_text("mine")
    assert new("--quiet", "--overwrite") == 0
    assert Path("churn/mine.txt").exists()
    assert Path("churn/version.txt").read_text() == "v1.1.0"


def test_an_empty_repository_is_filled(new):
    git(".", "init", "-q", "churn")
    assert new("--quiet") == 0
    assert Path("churn/.git").is_dir()
    assert answers()["project_name"] == "Churn Model"


def test_a_failure_leaves_an_empty_repository_empty(refused):
    git(".", "init", "-q", "churn")
    assert "exit status 1" in refused("-d", "task=raise SystemExit(1)")


def test_a_failure_removes_the_folders_above_too(refused):
    assert "exit status 1" in refused("-d", "task=raise SystemExit(1)", dest="a/b/churn")


def test_a_question_without_a_terminal_points_to_defaults(repository, tmp_path):
    ended = subprocess.run(
        [sys.executable, "-m", "copier_ml", "new", "x", "--template", repository],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert "--defaults" in ended.stderr.splitlines()[-1]
    assert "Traceback" not in ended.stderr
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_task_leaves_nothing(new, monkeypatch, capsys):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("copier._main.Worker._execute_tasks", interrupt)
    with pytest.raises(KeyboardInterrupt):
        new("--quiet")
    assert list(Path().iterdir()) == []
    assert capsys.readouterr().err == ""


def test_a_missing_git_is_named(refused, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "git is not on PATH" in refused()


@pytest.mark.parametrize("argv", [[], ["new"], ["old"], ["new", "x", "-d", "novalue"]])
def test_wrong_usage_exits_with_2(argv, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(argv)
    assert "usage: copier-ml" in capsys.readouterr().err


def test_help_does_not_wait_for_copier():
    script = (
        "import sys; from copier_ml.cli import main\n"
        "try: main(['new', '--help'])\n"
        "finally: assert not {'copier', 'yaml', 'jinja2'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)
