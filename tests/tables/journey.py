"""From a table to answers, in the environment and the folder of a project.

Reads a JSON object a line: the arguments of the import, and `result`, a file to write. Each table
has a process of its own, forked from this one, which has imported what takes long to import.
"""

import importlib
import importlib.util
import json
import os
import sys
import traceback
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
from fastapi.testclient import TestClient
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

PACKAGE = next(path.parent.name for path in Path("src").glob("*/schema.py"))
SLOW = (
    *("duckdb", "matplotlib.figure", "mlflow.data", "mlflow.pyfunc", "openpyxl"),
    *("pandera.pandas", "pyarrow.dataset", "shap", "sklearn.compose", "skops.io"),
)
project = SimpleNamespace()
"""The project's modules, once a table was imported."""


def is_installed(module: str) -> bool:
    """Tell whether a module can be imported; which ones can depends on the framework."""
    return importlib.util.find_spec(module.partition(".")[0]) is not None


def load_project() -> None:
    """Import the project's modules, which read its schema."""
    for name in ("data", "schema", "cli", "settings", "model", "metrics", "tracking"):
        setattr(project, name, importlib.import_module(f"{PACKAGE}.{name}"))


def command(*arguments: str) -> None:
    """Run a command of the project; it must succeed."""
    sys.argv = [project.cli.PROGRAM, *arguments]
    project.cli.main()


def read_raw(path: Path) -> pd.DataFrame:
    """Read a table as its owner would, with the types that pandas finds."""
    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    if path.suffix == ".jsonl":
        return pd.read_json(path, lines=True)
    return pd.read_csv(path, keep_default_na=True, low_memory=False, **project.data.CSV)


def predict(path: Path) -> pd.DataFrame:
    """Predict the table without its target, and with an unknown column."""
    rows = project.data.READERS[path.suffix](path).drop(
        columns=project.schema.TARGET, errors="ignore"
    )
    rows = rows.drop(columns=[name for name in rows if name.strip() == project.schema.TARGET])
    rows["further column"] = "x"
    new = path.with_name(f"new{path.suffix}")
    if path.suffix == ".parquet":
        rows.to_parquet(new, index=False)
    elif path.suffix == ".jsonl":
        rows.to_json(new, orient="records", lines=True)
    else:
        rows.to_csv(new, index=False, **project.data.CSV)
    command("predict", "--input-path", str(new))
    found = pd.read_parquet("data/predictions.parquet")
    assert len(found) == len(rows)
    assert not project.schema.ID or list(found[project.schema.ID].astype(str)) == list(
        rows[project.schema.ID].astype(str)
    )
    assert not project.schema.CLASSES or set(found["prediction"]) <= set(project.schema.CLASSES)
    return found


def serve(path: Path, found: pd.DataFrame) -> None:
    """Ask the service for ten raw rows, and compare with what ``predict`` wrote."""
    service, deployment, commands = (
        importlib.import_module(f"{PACKAGE}.serving.{name}")
        for name in ("service", "deployment", "commands")
    )
    options = commands.Serve(model=f"models:/{PACKAGE}/latest", drift_rows=100)
    slot = deployment.Slot(options)
    slot.reload()
    client = TestClient(service.create(slot, options), base_url="http://localhost")
    raw = read_raw(path).rename(columns=str.strip).drop(columns=project.schema.TARGET).head(300)
    raw = raw.drop(
        columns=[name for name in raw if name not in {*project.schema.FEATURES, project.schema.ID}][
            90:
        ]
    )
    rows = json.loads(raw.to_json(orient="records", date_format="iso", double_precision=15))
    answer = client.post("/predict", json={"rows": rows[:10]})
    assert answer.status_code == 200, answer.text
    answers = pd.DataFrame(answer.json()["predictions"])
    for name in project.metrics.table(np.empty((0, max(1, len(project.schema.CLASSES))))):
        if found[name].dtype.kind == "f":
            assert np.allclose(answers[name], found[name].head(10), rtol=1e-4, atol=1e-4), name
        else:
            assert answers[name].tolist() == found[name].head(10).tolist()
    for start in range(0, 300, 50):
        assert client.post(
            "/predict", json={"rows": rows[start : start + 50] or rows[:5]}
        ).is_success
    window = slot.current.window
    psi = window.psi()
    if len(rows) >= 100:
        assert set(psi)
    described = client.get("/openapi.json").json()["paths"]["/predict"]["post"]["requestBody"]
    example = described["content"]["application/json"]["example"]
    assert client.post("/predict", json=example).is_success


def explain() -> None:
    """Explain three rows: attributions add up to what is predicted."""
    command("explain", "--explained-rows", "3")
    found = pd.read_parquet("reports/attributions.parquet")
    rows = project.data.prepare(
        project.data.read(Path(project.settings.Settings().data_path), project.schema.UNLABELLED)
    )
    total = found.drop(columns=["row", "prediction"]).sum(axis=1)
    with project.tracking.connection(project.settings.Settings()):
        fitted = project.model.load(
            project.tracking.download(f"models:/{PACKAGE}/latest", project.settings.UsesModel())
        )
    predictions = project.model.predict(fitted, rows.loc[found["row"]])
    assert np.allclose(total, predictions.max(axis=1), rtol=1e-3, atol=1e-3)


def plain(path: Path) -> dict[str, float]:
    """Score scikit-learn's trees with native categories on the same split."""
    split = project.data.split(project.data.read(path), project.settings.Settings())
    texts = [name for name in split.train.features if split.train.features[name].dtype == object]
    known = {name: split.train.features[name].value_counts().index[:254] for name in texts}

    def typed(features: pd.DataFrame) -> pd.DataFrame:
        return features.assign(
            **{name: pd.Categorical(features[name], known[name]) for name in texts}
        )

    kind = (
        HistGradientBoostingClassifier if project.schema.CLASSES else HistGradientBoostingRegressor
    )
    booster = kind(categorical_features="from_dtype", random_state=0)
    target = split.train.target
    place = {name: number for number, name in enumerate(project.schema.CLASSES)}
    booster.fit(typed(split.train.features), [place[one] for one in target] if place else target)
    test = typed(split.test.features)
    if not place:
        return project.metrics.scores(split.test.target, booster.predict(test).reshape(-1, 1))
    predictions = np.zeros((len(test), len(place)))
    predictions[:, booster.classes_] = booster.predict_proba(test)
    return project.metrics.scores(split.test.target, predictions)


def journey(is_explained: bool) -> dict[str, Any]:
    """Train, evaluate, predict, serve and explain."""
    path = Path(project.settings.Settings().data_path)
    command("train")
    command("evaluate")
    scores = json.loads(Path("reports/evaluation.json").read_text(encoding="utf-8"))["scores"]
    found = predict(path)
    serve(path, found)
    if is_explained:
        explain()
    return {"scores": scores, "plain": plain(path), "n_features": len(project.schema.FEATURES)}


def run(request: dict[str, Any]) -> dict[str, Any]:
    """Import a table, and go all the way with it."""
    importer = importlib.import_module("inside.__main__")
    try:
        importer.main(request)
    except ValueError as error:
        return {"refused": str(error)}
    load_project()
    return journey(request["is_explained"])


def main() -> None:
    """Answer each line with a line, when its result is written."""
    for name in filter(is_installed, SLOW):
        importlib.import_module(name)
    for line in sys.stdin:
        request = json.loads(line)
        if child := os.fork():
            os.waitpid(child, 0)
            print("done", flush=True)
            continue
        sys.stdin = open(os.devnull)  # noqa: PTH123, SIM115  (of this process)
        try:
            result = run(request)
        except BaseException:  # noqa: BLE001  (the test shows it)
            result = {"failed": traceback.format_exc()}
        Path(request["result"]).write_text(json.dumps(result), encoding="utf-8")
        os._exit(0)


if __name__ == "__main__":
    main()
