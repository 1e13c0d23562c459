"""A project with very many files is updated as any other."""

import time
from pathlib import Path

import pytest
from conftest import git
from updates import ANSWERS, edit, make_project, make_template, number, start_update

ONE = {"a": number(20), ".gitignore": "*.cached\n", "old": number(30)}
TWO = {"a": number(20, l1="theirs"), ".gitignore": "*.cached\n", "old": number(30, l1="theirs")}


@pytest.mark.updates
def test_tens_of_thousands_of_files_are_no_obstacle(tmp_path: Path) -> None:
    template = make_template(tmp_path / "template", ONE, TWO)
    project = make_project(tmp_path / "project", template, ONE)
    for n in range(300):
        folder = project / "data" / str(n)
        folder.mkdir(parents=True)
        for m in range(100):
            (folder / f"{m}.csv").write_text(f"{n},{m}\n")
        for m in range(200):
            (folder / f"{m}.cached").write_text("")
    (project / "old").rename(project / "mine")
    edit(project, {"a": number(20, l20="mine")})

    began = time.monotonic()
    process = start_update(project, "--apply", XDG_CACHE_HOME=str(tmp_path / "cache"))
    out, err = process.communicate()
    assert process.returncode == 0, out + err
    assert time.monotonic() - began < 60
    assert (project / "a").read_text() == number(20, l1="theirs", l20="mine")
    changed = git("diff", "--name-only", "HEAD~1", "HEAD", folder=project).split()
    assert set(changed) == {ANSWERS, "a", "mine"}
    assert git("status", "--porcelain", folder=project) == ""
    assert len(list((project / "data").rglob("*.cached"))) == 60_000
