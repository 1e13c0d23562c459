"""What docs/how-to/extend.md shows can be added to a project, word for word."""

import re
from pathlib import Path

import pytest
from owner import Project

pytestmark = pytest.mark.slow

BLOCK = re.compile(r'^```python(?: title="([^"]+)")?\n(.*?)^```$', re.M | re.S)


def insert(path: Path, before: str, text: str) -> None:
    old = path.read_text(encoding="utf-8")
    assert old.count(before) == 1, before
    path.write_text(old.replace(before, text + before), encoding="utf-8")


def test_the_examples_of_the_page_work(everything: Project, tmp_path: Path) -> None:
    project = everything.clone(tmp_path / "project", PYTHONPATH="src")
    package = project.folder / "src" / "my_ml_project"
    page = (project.folder / "docs" / "how-to" / "extend.md").read_text(encoding="utf-8")
    (_, hyperparameter), (_, metric), *files = BLOCK.findall(page)
    insert(package / "hyperparameters.py", "    threads: PositiveInt", f"{hyperparameter}\n")
    scores = "    is_second = known == CLASSES[-1]\n"
    insert(package / "metrics.py", scores, metric)
    assert len(files) == 2
    for name, text in files:
        path = project.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")

    trained = project.command("train", "--class-weight", "2.0", "--max-iter", "5")
    assert "matthews 0." in trained
    assert "class_weight = 3.0  (environment)" in Project(
        project.folder, MY_ML_PROJECT_CLASS_WEIGHT="3.0", PYTHONPATH="src"
    ).command("settings")
    assert "Count the rows of each class." in project.command("--help")
    counted = project.command("count", "--minimum", "178").splitlines()
    assert [int(line.split()[1]) for line in counted if line[0].isdigit()] == [
        183,
        182,
        182,
        181,
        181,
        180,
        179,
        178,
    ]
    project.uv("run", "--no-sync", "ruff", "check", "src")
    project.uv("run", "--no-sync", "ruff", "format", "--check", "src")
    project.uv("run", "--no-sync", "mypy", "src")
