"""Rows: read, check and split them. No models here."""

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from pandera.pandas import DataFrameSchema

from . import columns, files, schema
from .errors import UserError
from .settings import SplitRule

EXAMPLE = Path("data/digits.parquet")
"""Path of the example data, which is written if it is missing."""

LEAST_ROWS = 5
"""Minimum number of rows of each class, so that the test has one."""

CSV: dict[str, Any] = {"sep": ",", "encoding": "utf-8"}
"""Format of CSV files, as arguments of ``pandas.read_csv``."""

READERS: dict[str, Callable[[Path], Any]] = {
    # The schema finds the types.
    ".csv": lambda path: pd.read_csv(path, dtype=str, keep_default_na=False, **CSV),
    ".parquet": pd.read_parquet,
    ".jsonl": lambda path: pd.read_json(path, lines=True, dtype=False),
}

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Rows:
    """Rows for one purpose: features, shape (n_rows, n_features), and target, shape (n_rows,)."""

    features: pd.DataFrame
    target: pd.Series


@dataclass(frozen=True)
class Split:
    """Disjoint rows for training, validation and test."""

    train: Rows
    validation: Rows
    test: Rows


def make(path: Path) -> Path:
    """Write the digits that scikit-learn ships: 1,797 scans of 64 pixels and a target.

    Source: Alpaydin and Kaynak, Optical Recognition of Handwritten Digits, UCI, 1998.

    Raises:
        UserError: If the schema is not that of the digits.
    """
    if "pixel_0_0" not in schema.UNLABELLED.columns:
        raise UserError(f"{path}: not written, as schema.py is not that of the example")
    from sklearn.datasets import load_digits  # Late: a service has no scikit-learn.

    digits = load_digits(as_frame=True).frame.set_axis([*schema.LABELLED.columns], axis=1)
    with files.replacing(path) as part:
        digits.to_parquet(part, index=False)
    return path


def prepare(rows: pd.DataFrame) -> pd.DataFrame:
    """Turn checked rows into features, the same for training, files and requests.

    Timestamps become numbers: year, month, day and so on.
    """
    return columns.split_dates(rows)


def read(path: Path, wanted: DataFrameSchema = schema.LABELLED) -> pd.DataFrame:
    """Read rows and check them against a schema; drop rows without a target.

    Raises:
        UserError: If there is no such file, it cannot be read, or a row violates the schema.
    """
    if path.suffix not in READERS:
        raise UserError(f"{path} is not a file that ends in {' or '.join(READERS)}")
    if path == EXAMPLE and not path.exists():
        make(path)
    if not path.is_file():
        name = "data_path" if schema.TARGET in wanted.columns else "input_path"
        raise UserError(f"{path} does not exist; {name!r} in config/base.yaml names another file")
    log.info("reading %s", path)
    try:
        rows = READERS[path.suffix](path)
    except ValueError as error:  # What pandas and Arrow raise for a damaged file.
        raise UserError(f"{path} cannot be read: {error}") from None
    rows = rows.rename(columns=str.strip)
    if schema.TARGET in wanted.columns and schema.TARGET in rows:
        is_known = ~columns.is_missing(rows[schema.TARGET])
        if n_unknown := len(rows) - is_known.sum():
            log.warning("%s: dropped %d rows without %s", path, n_unknown, schema.TARGET)
            rows = rows[is_known]
    checked = columns.check(rows, str(path), wanted)
    if schema.ID in rows and schema.TARGET in wanted.columns:  # To split by.
        checked[schema.ID] = rows[schema.ID].astype(str).to_numpy()
    return checked


def checksum(rows: pd.DataFrame) -> str:
    """Return the SHA-256 of column names and values, independent of the file format."""
    found = hashlib.sha256("\n".join(rows.columns).encode())
    numbers = rows.select_dtypes("number")
    found.update(numbers.to_numpy(dtype="<f8", copy=True, na_value=float("nan")).tobytes())
    for name in rows.columns.difference(numbers.columns, sort=False):
        found.update("\n".join(map(str, rows[name])).encode())
    return found.hexdigest()


def split(rows: pd.DataFrame, rule: SplitRule) -> Split:
    """Split rows: at random with equal class proportions, or by a column.

    Raises:
        UserError: If a class has fewer than ``LEAST_ROWS`` rows, or there is no such column.
    """
    for name, n_rows in rows[schema.TARGET].value_counts().items() if schema.CLASSES else ():
        if n_rows < LEAST_ROWS:
            raise UserError(
                f"class {name} has {n_rows} row(s), but needs {LEAST_ROWS}: add rows, "
                "or remove it from the file and from CLASSES in schema.py"
            )
    if rule.split_by not in {"", *rows.columns}:
        raise UserError(
            f"split_by = {rule.split_by!r} is not a column; choose {', '.join(rows.columns)}"
        )
    rest, test = _divide(rows, rule.test_fraction, rule)
    fraction_of_rest = rule.validation_fraction / (1 - rule.test_fraction)
    train, validation = _divide(rest, fraction_of_rest, rule)
    return Split(*map(_name_columns, (train, validation, test)))


def _divide(
    rows: pd.DataFrame, fraction: float, rule: SplitRule
) -> tuple[pd.DataFrame, pd.DataFrame]:
    from sklearn.model_selection import GroupShuffleSplit, train_test_split  # Late, as above.

    if not rule.split_by:
        is_enough = fraction * len(rows) >= len(schema.CLASSES) > 0
        stratify = rows[schema.TARGET] if is_enough else None
        first, second = train_test_split(
            rows, test_size=fraction, random_state=rule.seed, stratify=stratify
        )
        return first, second
    if rows[rule.split_by].dtype.kind == "M":
        ordered = rows.sort_values(rule.split_by, kind="stable", na_position="first")
        n_first = round(len(rows) * (1 - fraction))
        return ordered[:n_first], ordered[n_first:]
    groups = GroupShuffleSplit(1, test_size=fraction, random_state=rule.seed)
    ((first, second),) = groups.split(rows, groups=rows[rule.split_by].astype(str))
    return rows.iloc[first], rows.iloc[second]


def _name_columns(rows: pd.DataFrame) -> Rows:
    features = prepare(rows[list(schema.UNLABELLED.columns)])
    return Rows(features=features, target=rows[schema.TARGET])
