"""0.8.0: the package is a core and parts, and the project's tools are commands of copier-ml."""

from typing import Any

from steps import AddSetting, KeepEdited, MergeOnce, RemoveSetting, Rename, SetAnswers

FIRST = {"docs", "devcontainer", "notebooks"}
"""Values of ``features`` in older versions, which had all other parts."""

OTHERS = [
    "promotion",
    "report",
    "serving",
    "tuning",
    "explanation",
    "batch",
    "datacard",
    "environments",
    "containers",
]

PACKAGE = "src/{package_name}"

MODULES = {
    "datacard.py": "datacard/card.py",
    "deployment.py": "serving/deployment.py",
    "drift.py": "serving/drift.py",
    "explain.py": "explanation/explain.py",
    "export.py": "serving/export.py",
    "payload.py": "serving/payload.py",
    "pipeline.py": "promotion/pipeline.py",
    "promote.py": "promotion/promote.py",
    "provenance.py": "environments/provenance.py",
    "report.html": "report/evaluation.html",
    "report.py": "report/evaluated.py",
    "serve.py": "serving/serve.py",
    "service.py": "serving/service.py",
    "telemetry.py": "serving/telemetry.py",
    "tune.py": "tuning/tune.py",
    "verbs.py": "commands.py",
}
"""Other modules are gone: their code is in these, or in libraries, or in copier-ml."""

TESTS = {
    "serve/conftest.py": "serving/conftest.py",
    "serve/test_answers.py": "serving/test_service.py",
    "test_chunks.py": "batch/test_batch.py",
    "test_datacard.py": "datacard/test_card.py",
    "test_drift.py": "serving/test_drift.py",
    "test_explain.py": "explanation/test_explain.py",
    "test_pipeline.py": "promotion/test_pipeline.py",
    "test_promote.py": "promotion/test_promote.py",
    "test_tune.py": "tuning/test_tune.py",
}

OWNED = [
    f"{PACKAGE}/data.py",
    f"{PACKAGE}/hyperparameters.py",
    f"{PACKAGE}/model.py",
    f"{PACKAGE}/schema.py",
    "tests/small.py",
    "tests/test_data.py",
    "tests/test_model.py",
    "tests/test_schema.py",
]
"""What the modules of the template call in them has changed."""

DEFAULTS = [
    "data_path: data/digits.parquet\n",
    "input_path: data/digits.parquet\n",
    "thresholds:\n  accuracy: 0.94\n  f1: 0.94\n",
    "gains:\n  accuracy: -0.01\n  f1: -0.01\n",
]
"""They were in the code."""


def choose_parts(answers: dict[str, Any]) -> dict[str, Any]:
    """Keep what a project has: everything, or what it chose and all that it was not asked for."""
    if "profile" in answers:
        return {}
    chosen = answers.get("features", [*FIRST])
    if set(chosen) >= FIRST:
        return {"profile": "everything"}
    return {"profile": "choose", "features": [*OTHERS, *chosen]}


STEPS = [
    SetAnswers(choose_parts),
    KeepEdited(),
    *(Rename(f"{PACKAGE}/{old}", f"{PACKAGE}/{new}") for old, new in MODULES.items()),
    *(Rename(f"tests/{old}", f"tests/{new}") for old, new in TESTS.items()),
    *(MergeOnce(path) for path in OWNED),
    *(AddSetting("config/base.yaml", lines) for lines in DEFAULTS),
    RemoveSetting("study_heartbeat_s"),
]
