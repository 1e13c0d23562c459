"""The files that are written parse, and keep what is not theirs."""

import ast
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from conftest import ROOT

from copier_ml.import_data.inside import deciding, kinds
from copier_ml.import_data.inside.deciding import Wishes, decide
from copier_ml.import_data.inside.reading import Dialect
from copier_ml.import_data.inside.writing import (
    is_edited,
    sign,
    write_data,
    write_production,
    write_schema,
    write_settings,
)

PACKAGE = ROOT / "template/src/{{ package_name }}"


def test_the_schema_is_python_that_the_formatter_leaves_alone(tmp_path: Path) -> None:
    names = {
        'a "b" \\ {c}': [f"x{n % 3}" for n in range(60)],
        "it's": [f"{n % 5},5" for n in range(60)],
        "class": [f"a long name of a category {n % 12}" for n in range(60)],
        "größe": ["", "ja", "nein"] * 20,
        "y": ["0", "1"] * 30,
    }
    table = decide(pd.DataFrame(names), Wishes("y"))
    path = tmp_path / "schema.py"
    path.write_text(sign(write_schema(table, "t.csv")), encoding="utf-8")
    text = path.read_text(encoding="utf-8")
    subprocess.run(["ruff", "format", "--line-length=100", path], check=True)
    assert path.read_text(encoding="utf-8") == text
    values = {
        statement.targets[0].id: statement.value
        for statement in ast.parse(text).body
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name)
    }
    (columns,) = values["UNLABELLED"].args  # type: ignore[attr-defined]
    calls = {
        key.value: ast.unparse(call) for key, call in zip(columns.keys, columns.values, strict=True)
    }
    assert list(calls) == [name for name in names if name != "y"]
    assert calls["it's"] == "number(decimal=',')"
    assert calls["größe"] == "boolean('ja', 'nein', nullable=True)"
    assert "CLASSES: tuple[Any, ...] = (0, 1)" in text


def test_an_edited_schema_is_noticed() -> None:
    text = (PACKAGE / "schema.py").read_text(encoding="utf-8")
    assert not is_edited(text)
    assert is_edited(text.replace("SIDE = 8", "SIDE = 9"))
    assert is_edited("CLASSES = ()\n")
    assert not is_edited(sign("CLASSES = ()\n"))


def test_the_settings_change_and_all_else_stays() -> None:
    text = (ROOT / "template/config/base.yaml").read_text(encoding="utf-8") + "seed: 3 # mine\n"
    first = write_settings(text, Path("data/my: table.csv"), {"rmse": 5}, {"rmse": -0.1})
    found = yaml.safe_load(write_settings(first, Path("x.csv"), {"accuracy": 0.5}, {}))
    assert found == {
        "data_path": "x.csv",
        "input_path": "x.csv",
        "thresholds": {"accuracy": 0.5},
        "gains": {},
        "seed": 3,
    }
    assert yaml.safe_load(first)["data_path"] == "data/my: table.csv"
    assert first.endswith("seed: 3 # mine\n")
    production = (ROOT / "template/config/prod.yaml").read_text(encoding="utf-8")
    assert yaml.safe_load(write_production(production, {"rmse": 5})) == {"thresholds": {"rmse": 5}}


def test_the_dialect_is_written_into_the_data_module() -> None:
    text = (PACKAGE / "data.py").read_text(encoding="utf-8")
    changed = write_data(text, Dialect("cp1252", ";", "'"))
    assert 'CSV: dict[str, Any] = {"sep": ";", "encoding": "cp1252", "quotechar": "\'"}' in changed
    assert len(changed.splitlines()) == len(text.splitlines())


def facts(path: Path) -> dict[str, Any]:
    """Read the constants of a module that are literals."""
    found: dict[str, Any] = {}
    for statement in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            with suppress(ValueError):
                found[statement.targets[0].id] = ast.literal_eval(statement.value)
    return found


def test_what_is_missing_at_an_import_is_missing_in_training() -> None:
    ours, theirs = facts(PACKAGE / "columns.py"), (kinds.MISSING, kinds.ALSO_MISSING)
    assert ({*ours["MISSING"]}, {*ours["ALSO_MISSING"]}) == theirs
    assert facts(PACKAGE / "data.py")["LEAST_ROWS"] == deciding.LEAST_OF_CLASS
    text = (PACKAGE / "columns.py").read_text(encoding="utf-8")
    assert f'SIGNS = re.compile(r"{kinds.SIGNS.pattern}")' in text
