"""How `copier-ml update` and `preview` end, and what they say."""

import json
import os
import subprocess
from datetime import date
from pathlib import Path

import pytest
import yaml
from conftest import git
from hypothesis import given, settings
from hypothesis import strategies as st
from owner import commit
from updates import (
    ANSWERS,
    at,
    edit,
    listed,
    make_project,
    make_template,
    number,
    run,
    start,
    state,
    steps,
    update,
    worktree,
    write,
)

from copier_ml.shared.errors import describe
from copier_ml.shared.project import parse_answers

ONE = {"a": number(20)}
TWO = {"a": number(20, l1="theirs")}


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return start(tmp_path, ONE, TWO)


def refuse(project: Path, *arguments: str) -> str:
    """Update in vain, and return the one line that says why."""
    told = update(project, *arguments, expect=2)
    assert told.err.startswith("copier-ml: ")
    assert told.err.count("\n") == 1
    return told.err


def write_answers(project: Path, text: str) -> None:
    edit(project, {ANSWERS: text})


def test_a_clean_update_is_a_branch_and_leaves_the_rest_alone(project: Path) -> None:
    before = state(project, branches=False)
    told = update(project)
    assert state(project, branches=False) == before
    assert listed(told.out, "Files") == [f"{ANSWERS} (changed)", "a (changed)"]
    assert "## 2.0.0\n\nWhat 2 brings.\n" in told.out
    git("merge", "--quiet", "template/v2.0.0", folder=project)
    assert (project / "a").read_text() == TWO["a"]


def test_there_is_nothing_to_do_twice(project: Path) -> None:
    update(project, "--apply")
    before = state(project)
    told = update(project)
    assert told.out == "project is up to date with template v2.0.0.\n"
    assert state(project) == before


def test_a_second_update_remakes_its_branch(project: Path) -> None:
    update(project)
    edit(project, {"mine": "mine\n"})
    update(project)
    assert at(project, "mine") == b"mine\n"


def test_a_branch_with_commits_of_the_owners_is_refused(project: Path) -> None:
    update(project)
    git("checkout", "--quiet", "template/v2.0.0", folder=project)
    edit(project, {"mine": "mine\n"})
    git("checkout", "--quiet", "-", folder=project)
    before = state(project)
    assert "'git branch -D template/v2.0.0'" in refuse(project)
    assert state(project) == before


def test_a_branch_that_is_checked_out_is_not_moved(project: Path, tmp_path: Path) -> None:
    update(project)
    own = str(tmp_path / "own")
    git("worktree", "add", "--quiet", own, "template/v2.0.0", folder=project)
    told = refuse(project)
    assert f"template/v2.0.0 is checked out in {own}" in told
    assert "--force" not in told
    update(project, "--apply")
    assert (project / "a").read_text() == TWO["a"]


def test_apply_in_the_midst_of_a_merge_is_refused(project: Path) -> None:
    git("branch", "other", folder=project)
    edit(project, {"a": number(20, l9="mine")})
    git("checkout", "--quiet", "other", folder=project)
    edit(project, {"b": "b\n"})
    git("merge", "--quiet", "--no-commit", "-", folder=project)
    before = state(project)
    assert "(nothing was changed)" in refuse(project, "--apply")
    assert state(project) == before


def test_apply_sees_changes_that_git_is_told_not_to_see(project: Path) -> None:
    git("update-index", "--assume-unchanged", "a", folder=project)
    write(project, {"a": number(20, l20="dirty")})
    refuse(project, "--apply")
    assert (project / "a").read_text() == number(20, l20="dirty")


def test_a_branch_in_the_way_of_the_name_is_refused(project: Path) -> None:
    git("branch", "template", folder=project)
    assert "'git branch -m template NAME'" in refuse(project)


def test_an_older_version_is_refused(project: Path) -> None:
    update(project, "--apply")
    assert "v1.0.0 is older" in refuse(project, "--to", "1.0.0")


@pytest.mark.parametrize("version", ["9.9.9", "-x", "no such", "v1.0.0-9-gabcdef"])
def test_an_unknown_version_is_refused(project: Path, version: str) -> None:
    told = refuse(project, f"--to={version}")
    assert f"no version {version!r}; its newest is v2.0.0" in told


def test_a_version_can_be_named(tmp_path: Path) -> None:
    template = make_template(tmp_path / "template", ONE, TWO, {"a": "three\n"})
    project = make_project(tmp_path / "project", template, ONE)
    update(project, "--to", "2.0.0", "--apply")
    assert (project / "a").read_text() == TWO["a"]
    update(project, "--apply")
    assert (project / "a").read_text() == "three\n"


def test_a_template_that_is_not_trusted_is_only_told_of(project: Path) -> None:
    told = run("update", project)
    assert told.code == 2
    assert "add --trust" in told.err
    told = run("preview", project)
    assert told.code == 0
    assert "add --trust to allow it" in told.out
    assert "What 2 brings." in told.out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: x\n", "no text for _src_path"),
        ("_src_path: x\n", "no text for _commit"),
        ("_src_path: x\n_commit: 1.0\n", "no text for _commit"),
        ("- x\n", "no text for _src_path"),
        ("_commit: x\n<<<<<<< x\nname: [\n", f"{ANSWERS}:3 is invalid YAML"),
        ("_src_path: /nowhere\n_commit: v1.0.0\n", "cannot fetch the template /nowhere"),
    ],
)
def test_a_broken_answers_file_is_refused(project: Path, text: str, said: str) -> None:
    write_answers(project, text)
    assert said in refuse(project)


PIECES = [
    *("_src_path: /x\n", "_commit: v1\n", "_src_path: [", "_commit: &a [*a]\n", "- x\n"),
    *("name: x\n", "{", "}", "[" * 500, "]", ": ", "\n", "&a ", "*a", "!!int x", "!!binary x"),
    *("2026-99-99", "<<: *a\n", "? ", "'", '"', "|\n", "\0", "\x85", "\t", "---\n", "%YAML 9.9\n"),
    *("!!python/name:os.system ", "é"),
]


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=8).map("".join).map(str.encode) | st.binary())
def test_any_answers_file_is_read_or_refused_in_one_line(text: bytes) -> None:
    try:
        answers = parse_answers(text, Path("project"))
    except ValueError as error:
        told = str(error)
    else:
        assert {*map(type, (answers["_src_path"], answers["_commit"]))} == {str}
        return
    assert "history" in told
    assert "\n" not in told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("https://me:geheim@host/x, http://geheim@host", "https://***@host/x, http://***@host"),
        ("https://host/x?a=1&private_token=geheim&b=2", "https://host/x?a=1&private_token=***&b=2"),
        ("https://host/x?sig=geheim", "https://host/x?sig=***"),
        ("ssh://git@host/x", "ssh://git@host/x"),
        ("one\n  two\x1b[2J\u2028", r"one two\x1b[2J"),
    ],
)
def test_an_error_is_one_line_without_secrets(text: str, told: str) -> None:
    assert describe(ValueError(text)) == told


def test_a_changelog_gives_the_terminal_no_command(tmp_path: Path) -> None:
    project = start(tmp_path, ONE, TWO)
    log = tmp_path / "template" / "CHANGELOG.md"
    hostile = "\x1b]0;owned\x07\x9b2J\u202e\u2028- é"
    log.write_text(log.read_text().replace("What 2 brings.", hostile))
    commit(tmp_path / "template", "hostile")
    git("tag", "--force", "v2.0.0", folder=tmp_path / "template")
    told = run("preview", project)
    assert r"\x1b]0;owned\x07\x9b2J\u202e\u2028- é" in told.out
    assert told.out.replace("\n", "").isprintable()


def test_a_project_without_answers_is_refused(project: Path) -> None:
    git("rm", "--quiet", "--cached", ANSWERS, folder=project)
    git("commit", "--quiet", "--message", "forget", folder=project)
    assert refuse(project).endswith("in its last commit; commit it\n")
    (project / ANSWERS).unlink()
    assert "'copier-ml adopt'" in refuse(project)


def test_what_is_no_project_is_refused(tmp_path: Path) -> None:
    assert "give the folder of a project" in refuse(tmp_path / "nowhere")
    assert "'git init'" in refuse(tmp_path)
    git("init", "--quiet", folder=tmp_path)
    assert "commit the project first" in refuse(tmp_path)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("colour=grey", "'colour'"),
        ("color=red", "has no question 'color'"),
        ("parts=a,b", "write a list as [a, b]"),
        ("shade=dark", "'shade' requires colour == 'blue'"),
    ],
)
def test_a_refused_answer_is_told_in_one_line(tmp_path: Path, answer: str, said: str) -> None:
    asked = {"type": "str", "choices": ["red", "blue"], "default": "red"}
    year = {"type": "int", "default": 2026, "ask": False}
    parts = {"type": "str", "choices": ["a", "b"], "multiselect": True, "default": ["a"]}
    shade = {"type": "str", "default": "light", "when": "{{ colour == 'blue' }}"}
    project = start(tmp_path, ONE, TWO, year=year, colour=asked, parts=parts, shade=shade)
    before = state(project)
    assert said in refuse(project, "--data", answer)
    assert state(project) == before


def test_conflicts_wait_and_end_as_the_printed_steps_say(project: Path) -> None:
    edit(project, {"a": number(20, l1="mine")})
    before = state(project, branches=False)
    told = update(project, expect=1)
    assert state(project, branches=False) == before
    here = worktree(told)
    text = (here / "a").read_text()
    assert "\nline 1\n=======\ntheirs\n>>>>>>> template-v2.0.0\nline 2\n" in text
    assert text.startswith("<<<<<<< your-project\nmine\n||||||| ")

    assert f"'git worktree remove --force {here}'" in refuse(project)
    unsolved = steps(told.out)[3]
    assert unsolved == "git commit --no-edit"
    assert subprocess.run(unsolved.split(), cwd=here, check=False, capture_output=True).returncode

    write(here, {"a": number(20, l1="both")})
    git("add", "a", folder=here)
    lines = [step for step in steps(told.out) if not step.startswith("uv lock")]
    subprocess.run(["sh", "-e"], input="\n".join(lines), encoding="utf-8", cwd=here, check=True)
    assert (project / "a").read_text() == number(20, l1="both")
    assert yaml.safe_load((project / ANSWERS).read_text())["_commit"] == "v2.0.0"
    assert git("log", "-1", "--format=%s", folder=project).startswith("build: update the template")
    assert not here.exists()
    assert git("branch", "--list", "template/*", folder=project) == ""
    assert "is up to date" in update(project).out


def test_a_conflict_that_was_dropped_can_be_tried_again(project: Path) -> None:
    edit(project, {"a": number(20, l1="mine")})
    here = worktree(update(project, expect=1))
    (here / "a").unlink()
    said = refuse(project).split("'")
    for command in (said[1], said[3]):
        subprocess.run(command.split(), cwd=project, check=True, capture_output=True)
    assert worktree(update(project, expect=1)) == here


def test_apply_keeps_what_is_not_committed(project: Path) -> None:
    edit(project, {"mine": "mine\n"})
    write(project, {"mine": "dirty\n", "unknown": "unknown\n", "staged": "staged\n"})
    git("add", "staged", folder=project)
    update(project, "--apply")
    assert (project / "a").read_text() == TWO["a"]
    changed = git("status", "--porcelain", folder=project).splitlines()
    assert changed == [" M mine", "A  staged", "?? unknown"]
    assert (project / "mine").read_text() == "dirty\n"


@pytest.mark.parametrize("option", ["merge.autoStash=true", "branch.master.mergeOptions=--squash"])
def test_apply_is_refused_over_what_is_not_committed(project: Path, option: str) -> None:
    git("config", *option.split("=", 1), folder=project)
    write(project, {"a": number(20, l20="dirty")})
    before = state(project)
    assert refuse(project, "--apply").endswith("(nothing was changed)\n")
    assert state(project) == before


def test_an_answer_can_change_at_the_same_version(tmp_path: Path) -> None:
    one = {"a": "a\n", "extra.txt": "x\n"}
    project = start(tmp_path, one, one)
    update(project, "--to", "v1.0.0", "--data", "extra=false", "--apply")
    assert not (project / "extra.txt").exists()
    answers = yaml.safe_load((project / ANSWERS).read_text())
    assert (answers["extra"], answers["_commit"]) == (False, "v1.0.0")


def test_preview_says_all_as_json_and_changes_nothing(tmp_path: Path) -> None:
    later = {"colour": {"type": "str", "default": "red"}}
    template = make_template(tmp_path / "template", ONE, {**TWO, "new": "new\n"}, later=later)
    project = make_project(tmp_path / "project", template, ONE, day=date(2026, 1, 1))
    edit(project, {"a": number(20, l1="mine")})
    before = state(project)
    told = run("preview", project, "--trust", "--json")
    assert told.code == 0
    facts = json.loads(told.out)
    assert (facts["old"], facts["new"]) == ("v1.0.0", "v2.0.0")
    assert facts["changelog"] == [["2.0.0", "What 2 brings."]]
    assert ["A", "new"] in facts["changes"]
    assert [it["path"] for it in facts["conflicts"]] == ["a"]
    assert facts["new_answers"] == {"colour": "red"}
    assert facts["changed_answers"] == {"day": ["2026-01-01", None]}
    assert facts["needs_trust"] is False
    assert state(project) == before
    assert listed(run("preview", project, "--trust").out, "New questions")[0] == 'colour: "red"'


def test_a_choice_that_is_gone_gives_way_to_the_default_and_is_told(tmp_path: Path) -> None:
    asked = {"type": "str", "choices": ["red", "blue"], "default": "red"}
    gone = asked | {"choices": ["red", "green"]}
    later = {"colour": gone}
    template = make_template(tmp_path / "template", ONE, TWO, colour=asked, later=later)
    project = make_project(tmp_path / "project", template, ONE, colour="blue")
    told = update(project)
    assert listed(told.out, "Changed answers") == ['colour: "blue" -> "red"']


def test_a_password_in_an_address_is_not_told(project: Path) -> None:
    address = "https://me:geheim@localhost:1/x.git"
    write_answers(project, yaml.safe_dump({"_src_path": address, "_commit": "v1.0.0"}))
    assert "geheim" not in refuse(project)


def test_a_relative_address_counts_from_the_project(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = (project / ANSWERS).read_text()
    write_answers(project, old.replace(str(project.parent / "template"), "../template"))
    monkeypatch.chdir(os.sep)
    update(project, "--apply")
    assert yaml.safe_load((project / ANSWERS).read_text())["_src_path"] == "../template"


def test_migrations_leave_lines_as_they_are(tmp_path: Path) -> None:
    script = "from pathlib import Path; Path('made').write_text('made')"
    migrations = [{"command": ["{{ _copier_python }}", "-c", script]}]
    template = make_template(tmp_path / "template", ONE, TWO, later={"_migrations": migrations})
    project = make_project(tmp_path / "project", template, ONE)
    write(project, {"mine.txt": "mine\r\n"})
    commit(project, "lines")
    write(project, {".gitattributes": "*.txt text ident eol=lf\n*.x filter=none\n"})
    git("add", ".gitattributes", folder=project)
    git("commit", "--quiet", "--message", "attributes", folder=project)
    update(project)
    assert at(project, "mine.txt") == b"mine\r\n"
    assert at(project, "made") == b"made"


def test_files_name_the_address_and_the_version_that_the_project_knows(tmp_path: Path) -> None:
    address = tmp_path / "template"
    text = "{{ _copier_answers._src_path }} {{ _copier_answers._commit }}\n"
    template = make_template(address, {"a.jinja": text}, {"a.jinja": text})
    project = make_project(tmp_path / "project", template, {"a": f"{address} v1.0.0\n"})
    update(project)
    assert at(project, "a") == f"{address} v2.0.0\n".encode()
    answers = yaml.safe_load(at(project, ANSWERS) or b"")
    assert (answers["_src_path"], answers["_commit"]) == (str(address), "v2.0.0")
