"""Lineage in MLflow: what a run read, as datasets with digests."""

from pathlib import Path

import mlflow
import mlflow.data.pandas_dataset
import pandas as pd

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
    mlflow.log_input(dataset, context=context)
    mlflow.log_param("data_sha256" if is_labelled else "input_sha256", digest)


def log_files(versions: dict[str, str]) -> None:
    """Record files that are too large to be rows in memory: the address and version of each."""
    mlflow.log_dict(versions, "inputs.json")
