"""Predict the class of each row of a file, or of a folder of files."""

import logging
from typing import Any

from . import chunks, environment, jobs, lineage, model, parts, predictions, progress, tracking
from .jobs import Job
from .parts import Origin
from .settings import Settings

log = logging.getLogger(__name__)


def predict(settings: Settings, *, overwrite: bool = False) -> str:
    """Write the class of each row, and the probability of each class.

    A file has the rows' order, a column ``prediction``, and a column ``probability_<class>`` a
    class, in [0, 1]. It appears when it is whole. The same call goes on where one was stopped: by
    chunk in a file, and by file in a folder, where a finished one stays unless ``overwrite``.

    Returns:
        Address of the Parquet file, or of the folder of such files, that was written.

    Raises:
        ValueError: If a row breaks the schema, or there is no such model.
    """
    planned = jobs.plan(settings.input_path, settings.output_path)
    with tracking.run("predict", settings):
        lineage.log_files({str(job.source): job.source.version() for job in planned})
        made_by = tracking.identify(settings.model)
        carried, allowed = tracking.metadata(made_by["uri"]), settings.allow_environment_drift
        environment.check(settings.model, carried, is_drift_allowed=allowed)
        fingerprint = environment.read().fingerprint
        tracking.describe(model=made_by["uri"], environment=fingerprint)

        fitted = model.load(made_by["uri"])
        here = {"model": made_by, "environment": fingerprint, "chunk_rows": settings.chunk_rows}
        for job in planned:
            origin = job.origin() | here
            if job.is_of_folder and not overwrite and parts.is_finished(job.target, origin):
                log.info("%s is there already", job.target)
            else:
                _predict_file(job, origin, fitted, settings.chunk_rows)
    return settings.output_path


def _predict_file(job: Job, origin: Origin, fitted: Any, chunk_rows: int) -> None:
    """Predict the rows of a file that are not predicted yet, and join the predictions of all."""
    with parts.opened(job.target, origin) as done:
        unread = chunks.read(job.source, chunk_rows, done.n_done)
        n_rows_done = done.n_done * chunk_rows
        for features in progress.rows(unread, chunks.count(job.source), n_rows_done):
            is_empty = len(features) == 0
            found = predictions.NONE if is_empty else model.predict_proba(fitted, features)
            done.add(predictions.table(found))
        done.join()
