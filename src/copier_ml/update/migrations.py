"""Run a template's migrations in a folder other than Copier's destination."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Literal

import plumbum

from copier_ml.shared.git import own_environment
from copier_ml.shared.template import read_version

if TYPE_CHECKING:
    from copier._main import Worker

Stage = Literal["before", "after"]

MARK = "COPIER_ML_UPDATE"
"""Set to 1 for migrations: the merge follows renames, so they need not."""

RENDERED = "COPIER_ML_OLD"
"""Set for migrations, if known, to the tree that the old version rendered."""

PATHS = "COPIER_ML_PATHS"
"""Set for migrations before the merge to the file for their JSON object of ``Paths``."""

NO_LOCK = "COPIER_ML_NO_LOCK"
"""Set to 1 for migrations after the merge if they must not lock the project."""


@dataclass(frozen=True)
class Paths:
    """Paths that migrations report for the merge."""

    renamed: dict[str, str] = field(default_factory=dict)
    """New path of each file that the template moved."""

    merged_once: list[str] = field(default_factory=list)
    """Files of the owner that this update merges nevertheless."""

    kept: list[str] = field(default_factory=list)
    """Unedited files of the owner that stay, because related files were edited."""


def has_migrations(worker: "Worker", stage: Stage, old: str) -> bool:
    """Check whether the template has migrations at a stage of an update from a version."""
    from copier._types import Phase

    with Phase.use(Phase.MIGRATE):
        return any(_applies(worker, task) for task in _list(worker, stage, old))


def migrate(worker: "Worker", stage: Stage, old: str, folder: Path, **variables: str) -> None:
    """Run the template's migrations of a stage.

    Args:
        worker: Copier, with the template and the project's new answers.
        stage: Before or after the merge.
        old: The project's template version.
        folder: The project, as it is at that stage.
        variables: Environment beside the usual one.

    Raises:
        copier.errors.TaskError: One of them failed.
    """
    from copier._main import as_operation
    from copier._subproject import Subproject
    from copier._types import Phase

    was = worker.subproject
    own = {MARK: "1"} | variables
    # Copier runs migrations in its destination, which is another folder here.
    worker.subproject = Subproject(local_abspath=folder)
    try:
        with Phase.use(Phase.MIGRATE), plumbum.local.env(**own_environment(), **own):
            as_operation("update")(worker._execute_tasks)(_list(worker, stage, old))
    finally:
        worker.subproject = was


def migrate_before(worker: "Worker", old: str, folder: Path, rendered: str, work: Path) -> Paths:
    """Run the template's migrations before the merge, and return the paths they report.

    Args:
        worker: As for ``migrate``.
        old: The project's template version.
        folder: The project.
        rendered: Tree of what the old version rendered, in the repository of the folder.
        work: Folder for temporary files.
    """
    kept = work / "paths.json"
    migrate(worker, "before", old, folder, **{RENDERED: rendered, PATHS: str(kept)})
    read = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    return Paths(**read)


def _list(worker: "Worker", stage: Stage, old: str) -> Any:
    known = SimpleNamespace(version=read_version(old), commit=old)
    return worker.template.migration_tasks(stage, known)  # type: ignore[arg-type]


def _applies(worker: "Worker", task: Any) -> bool:
    from copier._tools import cast_to_bool

    extra = {f"_{name}": value for name, value in task.extra_vars.items()}
    return cast_to_bool(
        worker._render_value(task.condition, extra | {"_copier_operation": "update"})
    )
