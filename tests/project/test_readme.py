"""The repository's own pages are true: the quick start works, and what they name exists."""

import re
import runpy
import shlex
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from conftest import ROOT
from owner import ALONE, Project, find_copier_ml
from servers import free_port

from copier_ml.cli import COMMANDS

PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "AGENTS.md")]
PAGES += [*(ROOT / "docs").glob("*.md"), *(ROOT / "docs" / "decisions").glob("*.md")]

START_S = 60


def read_quick_start() -> list[str]:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return re.findall(r"^## Start$.*?^```bash$(.*?)^```$", text, re.M | re.S)[0].split("\n")[1:-1]


@pytest.mark.slow
def test_the_quick_start_ends_with_a_served_prediction(snapshot: Path, tmp_path: Path) -> None:
    write_table = runpy.run_path(str(ROOT / "scripts" / "record.py"))["write_table"]
    write_table(tmp_path / "customers.csv")
    create, enter, train, evaluate, promote, serve = read_quick_start()
    words = shlex.split(create.partition(" copier-ml ")[2])
    template = ("--template", str(snapshot), "--defaults")
    Project(tmp_path).run(find_copier_ml(), *words, *template)
    assert (enter, words[0]) == ("cd churn", "new")

    port = free_port()
    source = {"COPIER_ML_SOURCE": str(ROOT), "CHURN_PORT": str(port)}
    project = Project(tmp_path / "churn", "churn", **ALONE, **source)
    assert "accuracy 0.9" in project.run(*shlex.split(train))
    assert "reports/evaluation.html" in project.run(*shlex.split(evaluate))
    project.run(*shlex.split(promote))
    assert serve == "uv run churn serve"
    service = project.start("serve")
    try:
        address = f"http://127.0.0.1:{port}/docs"
        end = time.monotonic() + START_S
        while not is_there(address):
            assert service.poll() is None
            assert time.monotonic() < end
            time.sleep(0.2)
        assert "models:/churn/1 predicts " in project.uv("run", "just", "smoke")
    finally:
        service.terminate()
        service.communicate()


def is_there(address: str) -> bool:
    try:
        with urlopen(address) as answer:
            return bool(answer.status == 200)
    except URLError:
        return False


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_and_paths_of_a_page_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    links = re.findall(r"\]\((?!http|#|mailto)([^)#\s]+)", text)
    assert not [link for link in links if not (page.parent / link).exists()]
    if page.name != "README.md" and page.parent == ROOT:
        paths = re.findall(
            r"`((?:extensions|scripts|src|template|tests|docs|variants)/[^`*{ ]*)`", text
        )
        assert paths
        assert not [path for path in paths if not (ROOT / path).exists()]


def test_the_readme_shows_each_command_and_is_short() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert not [name for name in COMMANDS if not re.search(rf"`(copier-ml )?{name}\b", text)]
    what, _, _ = text.partition("## What you get")[2].partition("```")
    bullets = re.findall(r"^- (.+)$", what, re.M)
    assert len(bullets) == 8
    assert not [bullet for bullet in bullets if len(bullet.split()) > 8]
