"""Rows: where they come from, how they are read, and how they are divided. No models here."""

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from pandera.pandas import DataFrameSchema

from . import schema
from .settings import Settings, SplitRule

DIGITS_SHA256 = "580f24cf707864db9a2e737e9a21fa9048d41d599c32dc9074a88609b95a499e"
"""Digest of the digits. Source: Alpaydin and Kaynak, Optical Recognition of Handwritten Digits, UCI
Machine Learning Repository, 1998; the test part, as scikit-learn ships it."""

LEAST_ROWS = 10
"""Rows that each class needs, so that each part of a split gets some."""


def _read_csv(path: Path) -> pd.DataFrame:
    """Read with one type for each column, also where its first rows look like another one's."""
    return pd.read_csv(path, low_memory=False)


READERS: dict[str, Callable[[Path], pd.DataFrame]] = {
    ".csv": _read_csv,
    ".parquet": pd.read_parquet,
}


@dataclass(frozen=True)
class Rows:
    """Rows of one purpose: features, shape (n_rows, n_features), and target, shape (n_rows,)."""

    features: pd.DataFrame
    target: pd.Series


@dataclass(frozen=True)
class Split:
    """Rows divided by purpose; no row is in two parts."""

    train: Rows
    validation: Rows
    test: Rows


def make(path: Path) -> Path:
    """Write the digits, 1,797 rows of 64 pixels and a target, as Parquet.

    Raises:
        ValueError: If the installed scikit-learn ships other values.
    """
    from sklearn.datasets import load_digits  # Late: a service has no scikit-learn.

    digits = load_digits(as_frame=True).frame.set_axis([*schema.FEATURES, schema.TARGET], axis=1)
    if (found := digest(digits)) != DIGITS_SHA256:
        raise ValueError(f"scikit-learn ships other digits: SHA-256 {found}, not {DIGITS_SHA256}")
    write(digits, path)
    return path


def read(path: Path, columns: DataFrameSchema = schema.LABELLED) -> pd.DataFrame:
    """Read rows and check them against a schema; the default file is made when it is missing.

    Raises:
        ValueError: If there is no such file, its suffix is unknown, or a row breaks the schema.
    """
    if path.suffix not in READERS:
        raise ValueError(f"{path} is neither of {', '.join(READERS)}")
    make_if_default(path)
    if not path.is_file():
        raise ValueError(f"{path} does not exist; '--data-path' names another file")
    try:
        rows = READERS[path.suffix](path)
    except ValueError as error:  # what pandas and Arrow say of a file that is broken
        raise ValueError(f"{path} cannot be read: {error}") from None
    return check(rows, str(path), columns)


def make_if_default(path: Path) -> None:
    """Make the default file if that is asked for and missing."""
    if path == Settings.model_fields["data_path"].default and not path.exists():
        make(path)


def check(
    rows: pd.DataFrame, place: str, columns: DataFrameSchema, *, first_row: int = 0
) -> pd.DataFrame:
    """Check rows, or a part of them, against a schema; one without a target ignores it.

    Raises:
        ValueError: If a row breaks the schema.
    """
    if schema.TARGET not in columns.columns:
        rows = rows.drop(columns=schema.TARGET, errors="ignore")
    return schema.check(rows, place, columns, first_row=first_row)


def write(rows: pd.DataFrame, path: Path) -> None:
    """Write rows as Parquet, whole or not at all.

    Raises:
        ValueError: If the path does not end in .parquet.
    """
    if path.suffix != ".parquet":
        raise ValueError(f"{path} would hold Parquet; give it a name that ends in .parquet")
    with _whole(path) as part:
        rows.to_parquet(part, index=False)


def write_text(text: str, path: Path) -> None:
    """Write a text file, whole or not at all."""
    with _whole(path) as part:
        part.write_text(text, encoding="utf-8")


@contextmanager
def _whole(path: Path) -> Iterator[Path]:
    """Lend a path to write to; what was written appears at the other one when all of it is there.

    Raises:
        OSError: If it cannot be written, such as for want of space.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield part
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise OSError(f"{path} cannot be written: {error}") from error


def digest(rows: pd.DataFrame) -> str:
    """SHA-256 of the column names and the values, whatever the file format, as 64 hex digits."""
    found = hashlib.sha256("\n".join(rows.columns).encode())
    found.update(rows.to_numpy(dtype="<f8", copy=True, na_value=float("nan")).tobytes())
    return found.hexdigest()


def split(rows: pd.DataFrame, rule: SplitRule) -> Split:
    """Divide rows by purpose, with the same share of each class in each part.

    Raises:
        ValueError: If a class has fewer than ``LEAST_ROWS`` rows.
    """
    for name, n_rows in rows[schema.TARGET].value_counts().items():
        if n_rows < LEAST_ROWS:
            raise ValueError(f"class {name} has {n_rows} row(s); each class needs {LEAST_ROWS}")
    rest, test = _divide(rows, rule.test_fraction, rule.seed)
    share_of_rest = rule.validation_fraction / (1 - rule.test_fraction)
    train, validation = _divide(rest, share_of_rest, rule.seed)
    return Split(*map(_name_columns, (train, validation, test)))


def _divide(rows: pd.DataFrame, fraction: float, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    from sklearn.model_selection import train_test_split  # Late, as above.

    first, second = train_test_split(
        rows, test_size=fraction, random_state=seed, stratify=rows[schema.TARGET]
    )
    return first, second


def _name_columns(rows: pd.DataFrame) -> Rows:
    return Rows(features=rows[list(schema.FEATURES)], target=rows[schema.TARGET])
