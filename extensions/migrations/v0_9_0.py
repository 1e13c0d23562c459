"""0.9.0: any table, for classes and numbers; ``import-data`` writes what knows the columns."""

from steps import AddDefinition, ReplaceUnedited

PACKAGE = "src/{package_name}"

ID = '''\
ID = ""
"""Column that names a row, and that predictions repeat; empty for none."""
'''

CSV = '''\
CSV: dict[str, Any] = {"sep": ",", "encoding": "utf-8"}
"""How text files are written, as ``pandas.read_csv`` calls it."""
'''

PREPARE = '''\

def prepare(rows: pd.DataFrame) -> pd.DataFrame:
    """Make features of checked rows, the same for training, files and requests."""
    return rows
'''

PREDICT = '''\
predict = predict_proba
"""What the commands call: a column for each class, or one with the number of a regression."""
'''

STEPS = [
    ReplaceUnedited(
        (
            f"{PACKAGE}/data.py",
            f"{PACKAGE}/hyperparameters.py",
            f"{PACKAGE}/model.py",
            f"{PACKAGE}/schema.py",
            f"{PACKAGE}/tuning/space.py",
            "tests/small.py",
            "tests/test_data.py",
            "tests/test_model.py",
            "tests/test_schema.py",
        )
    ),
    ReplaceUnedited(("notebooks/errors.ipynb",)),
    AddDefinition(f"{PACKAGE}/schema.py", "ID", ID),
    AddDefinition(f"{PACKAGE}/data.py", "CSV", CSV),
    AddDefinition(f"{PACKAGE}/data.py", "prepare", PREPARE),
    AddDefinition(f"{PACKAGE}/model.py", "predict", PREDICT),
]
