"""No dependency is unused and none is missing, as deptry sees it.

A render is not installed for that, so the modules of its packages are written down here.
"""

import re
from pathlib import Path

import pytest
from conftest import ROOT
from linting import Linter, run

MODULES = {
    "mlflow-skinny": "mlflow",
    "prometheus-client": "prometheus_client",
    "pydantic-settings": "pydantic_settings",
    "python-dotenv": "dotenv",
    "python-json-logger": "pythonjsonlogger",
    "pyyaml": "yaml",
    "scikit-learn": "sklearn",
    "xgboost-cpu": "xgboost",
}
"""Packages whose module has another name."""

LOADED_BY_OTHERS = {
    "alembic": "MLflow makes and moves its tables with it",
    "boto3": "MLflow keeps files in S3 with it",
    "httptools": "uvicorn reads requests with it",
    "psycopg": "SQLAlchemy speaks to PostgreSQL with it",
    "sqlalchemy": "MLflow keeps runs in a database with it",
    "skops": "MLflow writes scikit-learn's models with it",
}
"""Dependencies that no module imports, each with who does."""

PARTS = {
    "pydantic_core": "pydantic needs exactly one version of it, and says which",
    "typing_extensions": "pydantic needs it, and takes its TypedDict alone before Python 3.12",
}
"""Modules that come with a package, and that a project must not ask for itself."""


INSIDE = dict.fromkeys(("duckdb", "numpy", "pandas"), "of a project, where `import-data` runs")
"""Modules that this repository imports in a project's environment alone."""

SCRIPTS = {"pexpect": "scripts/record.py", "rich": "scripts/record.py"}
"""Packages of development that only a script imports."""

ON_DEMAND = {"playwright": "scripts/take_screenshots.py installs it by 'uv run --with'"}


def deptry(*roots: str, **ignored: dict[str, str]) -> Linter:
    told = ",".join(f"{rule}={'|'.join(names)}" for rule, names in ignored.items())
    rules = ["--per-rule-ignores", told] if told else []
    mapped = ",".join(f"{package}={module}" for package, module in MODULES.items())
    options = ["--no-ansi", "--package-module-name-map", mapped]
    return Linter(["deptry", *roots, *options, *rules], "", "", "", "")


def findings(told: str) -> list[str]:
    return re.findall(r"^.*DEP\d{3}.*$", told, re.M)


def siblings(folder: Path) -> list[str]:
    """Tell deptry of scripts that import each other by name."""
    names = sorted(path.stem for path in folder.glob("*.py"))
    assert names
    return [word for name in names for word in ("--known-first-party", name)]


RENDERS = deptry(
    *(".", "--known-first-party", "my_ml_project"),
    DEP002=LOADED_BY_OTHERS,
    DEP003=PARTS,
)
OURS = deptry(
    *("src", "extensions", "scripts", *siblings(ROOT / "extensions" / "migrations")),
    DEP001=ON_DEMAND,
    DEP004=INSIDE | SCRIPTS,
)


@pytest.mark.parametrize("name", ["everything", "token", "mirror"])
def test_a_render_asks_for_what_it_imports(covering: Path, name: str) -> None:
    status, told = run(RENDERS, [], covering / name)
    assert status == 0, findings(told)


def test_this_repository_asks_for_what_it_imports() -> None:
    status, told = run(OURS, [], ROOT)
    assert status == 0, findings(told)


@pytest.mark.parametrize(
    ("code", "says"),
    [("import numpy\nimport polars\n", "DEP001 'polars'"), ("", "DEP002 'numpy'")],
)
def test_a_missing_and_an_unused_one_are_found(tmp_path: Path, code: str, says: str) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "a"\ndependencies = ["numpy"]\n')
    (tmp_path / "a.py").write_text(code)
    status, told = run(RENDERS, [], tmp_path)
    assert status == 1
    assert says in told
