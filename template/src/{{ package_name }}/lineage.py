"""Lineage in MLflow: what a run read, as datasets with digests."""

from contextlib import suppress
from pathlib import Path

import mlflow
import mlflow.data.pandas_dataset
import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.models import infer_signature

from .schema import TARGET


def log(rows: pd.DataFrame, source: str | Path, digest: str, context: str) -> None:
    """Record rows that the current run read.

    Args:
        rows: With a target, or without.
        source: The file that they are from.
        digest: That of ``data.digest``; of labelled rows, later runs ask for it.
        context: What they were read for, such as "train".
    """
    is_labelled = TARGET in rows
    dataset = mlflow.data.pandas_dataset.from_pandas(
        rows,
        source=str(source),
        targets=TARGET if is_labelled else None,
        name=Path(source).stem,
        digest=digest[:36],
    )
    with suppress(MlflowException):  # MLflow itself leaves out a schema that it cannot infer.
        dataset.schema = infer_signature(_telling(rows)).inputs
    mlflow.log_input(dataset, context=context)
    mlflow.log_param("data_sha256" if is_labelled else "input_sha256", digest)


def log_files(versions: dict[str, str]) -> None:
    """Record files that are too large to be rows in memory: the address and version of each."""
    mlflow.log_dict(versions, "inputs.json")


def _telling(rows: pd.DataFrame) -> pd.DataFrame:
    """Choose rows with the same types, and with a missing value in the same columns.

    MLflow looks at one value after the other, which takes long where there are many.
    """
    first_missing = [values.isna().argmax() for _, values in rows.items()] if len(rows) else []
    return rows.iloc[sorted({*range(min(5, len(rows))), *first_missing})]
