"""The list of breaks fits the template, and a break that nothing notices is told."""

import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from conftest import ROOT, git

script = SimpleNamespace(**runpy.run_path(str(ROOT / "scripts" / "mutate.py")))
MUTATIONS = script.read()


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_break_can_be_made(mutation: SimpleNamespace) -> None:
    text = (ROOT / mutation.file).read_text(encoding="utf-8")
    assert text.count(mutation.old) == 1
    assert all((ROOT / test.partition("::")[0]).exists() for test in mutation.tests)


def test_there_are_thirty_and_each_was_made_and_noticed() -> None:
    names = [mutation.name for mutation in MUTATIONS]
    assert len(names) == len(set(names)) >= 30
    rows = script.read_page()
    assert list(rows) == names
    assert not [row for row in rows.values() if script.NOTHING in row]


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A repository with one file, one test of it, and one line that no test reads."""
    folder = tmp_path / "small"
    (folder / "scripts").mkdir(parents=True)
    (folder / "docs" / "reference").mkdir(parents=True)
    shutil.copy(ROOT / "scripts" / "mutate.py", folder / "scripts")
    (folder / "facts.txt").write_text("tested\nuntested\n")
    test = "def test_it():\n    assert open('facts.txt').readline() == 'tested\\n'\n"
    (folder / "test_facts.py").write_text(test)
    rows = (("seen", "tested\\nun"), ("unseen", "untested"))
    tables = [
        f'[[mutation]]\nname = "{name}"\nfile = "facts.txt"\nold = "{old}"\nnew = "x"\n'
        'tests = ["test_facts.py"]\n'
        for name, old in rows
    ]
    (folder / "scripts" / "mutations.toml").write_text("\n".join(tables))
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "all"]):
        git(*command, folder=folder)
    return folder


def mutate(folder: Path, *names: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "scripts/mutate.py", *names]
    return subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", check=False)


def test_a_break_that_nothing_notices_fails(small: Path) -> None:
    done = mutate(small)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "nothing notices: unseen"
    page = (small / "docs" / "reference" / "mutations.md").read_text(encoding="utf-8")
    assert "| seen | `facts.txt` | `test_facts.py::test_it` |" in page
    assert "| unseen | `facts.txt` | **nothing** |" in page
    assert git("worktree", "list", folder=small).count("\n") == 1


def test_a_break_that_is_noticed_is_well_and_has_its_line_on_the_page(small: Path) -> None:
    assert mutate(small).returncode == 1
    page = small / "docs" / "reference" / "mutations.md"
    before = page.read_text(encoding="utf-8")
    page.write_text(before.replace("test_it", "another_one"), encoding="utf-8")
    assert mutate(small, "seen").returncode == 0
    assert page.read_text(encoding="utf-8") == before


def test_an_unknown_break_is_named(small: Path) -> None:
    done = mutate(small, "sen")
    assert done.returncode == 2
    assert "no break is called sen" in done.stderr
