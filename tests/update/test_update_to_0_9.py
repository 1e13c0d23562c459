"""0.9.0 takes any table: files that an owner edited stay and go on working, all others are new."""

from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import copy, git
from owner import ALONE, Project, commit, update
from updates import run

PACKAGE = "src/my_ml_project"
OWNED = (
    *(f"{PACKAGE}/{name}.py" for name in ("data", "hyperparameters", "model", "schema")),
    f"{PACKAGE}/tuning/space.py",
    *(f"tests/{name}.py" for name in ("small", "test_data", "test_model", "test_schema")),
)
ADDED = {
    f"{PACKAGE}/schema.py": ['ID = ""'],
    f"{PACKAGE}/data.py": ["CSV: dict[str, Any] = {", "def prepare("],
    f"{PACKAGE}/model.py": ["predict = predict_proba"],
}
MINE = '\n\ndef mine() -> None:\n    """Do what only this project does."""\n'

SCHEMA = '''"""Customers."""

TARGET = "churned"
CLASSES = (0, 1)

_FEATURES = {
    "months": Column(float, Check.ge(0), coerce=True),
    "calls": Column(float, Check.ge(0), coerce=True, nullable=True),
}
FEATURES = tuple(_FEATURES)

UNLABELLED = DataFrameSchema(_FEATURES, strict=True)
LABELLED = UNLABELLED.add_columns({TARGET: Column(float, Check.isin(CLASSES), coerce=True)})
'''
"""As docs/how-to/own-data.md of 0.8 had it."""

Update = Callable[[Path], None]

pytestmark = pytest.mark.usefixtures("nobody_answers")


def with_ours(project: Path) -> None:
    told = run("update", project, "--trust", "--apply")
    assert told.code == 0, told.out


PLAIN = pytest.param(update, marks=pytest.mark.updates)
BOTH = pytest.mark.parametrize("by", [with_ours, PLAIN], ids=["copier-ml", "copier"])


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def make(history: Path, folder: Path, release: str, **answers: str) -> Path:
    copy(history, folder, {"profile": "everything"} | answers, release=release)
    commit(folder, "start")
    return folder


@pytest.mark.parametrize("framework", ["sklearn", "pytorch"])
@BOTH
def test_files_that_nobody_edited_are_new(
    history: Path, tmp_path: Path, framework: str, by: Update
) -> None:
    project = make(history, tmp_path / "project", "v0.8.1", framework=framework)
    by(project)
    new = copy(history, tmp_path / "new", {"profile": "everything", "framework": framework})
    for name in (*OWNED, "notebooks/errors.ipynb"):
        assert (project / name).read_text() == (new / name).read_text(), name


@pytest.mark.parametrize("release", ["v0.8.0", "v0.8.1"])
@BOTH
def test_one_edited_file_keeps_all_and_each_gets_what_the_commands_call(
    history: Path, tmp_path: Path, release: str, by: Update
) -> None:
    project = make(history, tmp_path / "project", release)
    path = project / f"{PACKAGE}/schema.py"
    path.write_text(path.read_text() + MINE)
    commit(project, "edit")
    before = {name: (project / name).read_text() for name in OWNED}
    by(project)
    assert not git("ls-files", "--unmerged", folder=project)
    for name, text in before.items():
        found = (project / name).read_text()
        assert found.startswith(text), name
        assert all(line in found[len(text) :] for line in ADDED.get(name, [])), name
        assert name in ADDED or found == text


@pytest.mark.updates
def test_edits_of_0_7_are_kept_by_way_of_0_8(history: Path, tmp_path: Path) -> None:
    project = copy(history, tmp_path / "project", {}, release="v0.7.0")
    path = project / f"{PACKAGE}/schema.py"
    path.write_text(path.read_text() + MINE)
    commit(project, "edit")
    update(project, "v0.8.1")
    commit(project, "update")
    update(project)
    assert not git("ls-files", "--unmerged", folder=project)
    assert MINE in path.read_text()
    assert 'ID = ""' in path.read_text()


@pytest.mark.slow
@pytest.mark.nightly
def test_a_table_that_was_brought_to_0_8_is_trained_predicted_and_served(
    history: Path, tmp_path: Path
) -> None:
    project = make(history, tmp_path / "project", "v0.8.1")
    path = project / f"{PACKAGE}/schema.py"
    text = path.read_text()
    first, rest = text.index('"""What'), text.index("def check(")
    imports = text[text.index("import numpy") : text.index("SIDE =")]
    path.write_text(text[:first] + SCHEMA.replace("\n\n", f"\n\n{imports}", 1) + text[rest:])
    for name in ("data", "schema"):  # They are about the digits.
        (project / f"tests/test_{name}.py").unlink()
    for config in (project / "config/base.yaml", project / "config/prod.yaml"):
        changed = config.read_text().replace("digits.parquet", "churn.csv").replace("0.94", "0.5")
        config.write_text(changed)
    commit(project, "edit")
    with_ours(project)
    (project / "data").mkdir()
    lines = [f"{n % 50},{n % 7 if n % 9 else ''},{int(n % 7 > 3)}" for n in range(400)]
    (project / "data/churn.csv").write_text("\n".join(["months,calls,churned", *lines, ""]))
    owner = Project(project, UV_NO_SYNC="1", **ALONE)
    owner.uv("lock")
    owner.uv("sync", "--locked")
    for command in ("train", "evaluate", "predict", "explain"):
        owner.command(command)
    owner.uv("run", "pytest", "--quiet")
