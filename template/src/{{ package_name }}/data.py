"""Rows: where they come from, how they are read, and how they are split. No models here."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from pandera.pandas import DataFrameSchema

from . import files, schema
from .errors import UserError
from .settings import SplitRule

EXAMPLE = Path("data/digits.parquet")
"""Path of the example data, which is written when it is missing."""

LEAST_ROWS = 10
"""Minimum number of rows of each class, so that each part of a split has some."""

READERS: dict[str, Callable[[Path], Any]] = {
    ".csv": partial(pd.read_csv, low_memory=False),  # One type a column, whatever comes first.
    ".parquet": pd.read_parquet,
}


@dataclass(frozen=True)
class Rows:
    """Rows for one purpose: features, shape (n_rows, n_features), and target, shape (n_rows,)."""

    features: pd.DataFrame
    target: pd.Series


@dataclass(frozen=True)
class Split:
    """Rows split by purpose; no row is in two parts."""

    train: Rows
    validation: Rows
    test: Rows


def make(path: Path) -> Path:
    """Write the digits that scikit-learn ships: 1,797 scans of 64 pixels and a target.

    Source: Alpaydin and Kaynak, Optical Recognition of Handwritten Digits, UCI, 1998.
    """
    from sklearn.datasets import load_digits  # Late: a service has no scikit-learn.

    digits = load_digits(as_frame=True).frame.set_axis([*schema.FEATURES, schema.TARGET], axis=1)
    with files.replacing(path) as part:
        digits.to_parquet(part, index=False)
    return path


def read(path: Path, columns: DataFrameSchema = schema.LABELLED) -> pd.DataFrame:
    """Read rows and check them against a schema.

    Raises:
        UserError: If there is no such file, it cannot be read, or a row violates the schema.
    """
    if path.suffix not in READERS:
        raise UserError(f"{path} is not a file that ends in {' or '.join(READERS)}")
    if path == EXAMPLE and not path.exists():
        make(path)
    if not path.is_file():
        name = "data_path" if schema.TARGET in columns.columns else "input_path"
        raise UserError(f"{path} does not exist; {name!r} in config/base.yaml names another file")
    try:
        rows = READERS[path.suffix](path)
    except ValueError as error:  # What pandas and Arrow raise for a damaged file.
        raise UserError(f"{path} cannot be read: {error}") from None
    return schema.check(rows, str(path), columns)


def checksum(rows: pd.DataFrame) -> str:
    """SHA-256 of the column names and values, whatever the file format, as 64 hex digits."""
    found = hashlib.sha256("\n".join(rows.columns).encode())
    found.update(rows.to_numpy(dtype="<f8", copy=True, na_value=float("nan")).tobytes())
    return found.hexdigest()


def split(rows: pd.DataFrame, rule: SplitRule) -> Split:
    """Split rows by purpose, with the same class proportions in each part.

    Raises:
        UserError: If a class has fewer than ``LEAST_ROWS`` rows.
    """
    for name, n_rows in rows[schema.TARGET].value_counts().items():
        if n_rows < LEAST_ROWS:
            raise UserError(f"class {name} has {n_rows} row(s); each class needs {LEAST_ROWS}")
    rest, test = _divide(rows, rule.test_fraction, rule.seed)
    fraction_of_rest = rule.validation_fraction / (1 - rule.test_fraction)
    train, validation = _divide(rest, fraction_of_rest, rule.seed)
    return Split(*map(_name_columns, (train, validation, test)))


def _divide(rows: pd.DataFrame, fraction: float, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    from sklearn.model_selection import train_test_split  # Late, as above.

    first, second = train_test_split(
        rows, test_size=fraction, random_state=seed, stratify=rows[schema.TARGET]
    )
    return first, second


def _name_columns(rows: pd.DataFrame) -> Rows:
    return Rows(features=rows[list(schema.FEATURES)], target=rows[schema.TARGET])
