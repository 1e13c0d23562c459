"""A template's migrations, run in a folder that Copier did not choose."""

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
"""Set for migrations, to 1: the merge follows renames, so they need not."""

RENDERED = "COPIER_ML_OLD"
"""Set for migrations where it is known: the tree that the old version of the template rendered."""


def has_migrations(worker: "Worker", stage: Stage, old: str) -> bool:
    """Tell whether the template does something at that stage of an update from a version."""
    from copier._types import Phase

    with Phase.use(Phase.MIGRATE):
        return any(_applies(worker, task) for task in _list(worker, stage, old))


def migrate(
    worker: "Worker", stage: Stage, old: str, folder: Path, rendered: str | None = None
) -> None:
    """Run the template's migrations of a stage.

    Args:
        worker: Copier, with the template and the project's new answers.
        stage: Before or after the merge.
        old: Version of the template that the project had.
        folder: The project, as it is at that stage.
        rendered: Tree of what the old version rendered, in the repository of the folder.

    Raises:
        copier.errors.TaskError: One of them failed.
    """
    from copier._main import as_operation
    from copier._subproject import Subproject
    from copier._types import Phase

    was = worker.subproject
    told = {MARK: "1"} | ({RENDERED: rendered} if rendered else {})
    # Copier runs a migration where it renders to; what is rendered here is elsewhere.
    worker.subproject = Subproject(local_abspath=folder)
    try:
        with Phase.use(Phase.MIGRATE), plumbum.local.env(**own_environment(), **told):
            as_operation("update")(worker._execute_tasks)(_list(worker, stage, old))
    finally:
        worker.subproject = was


def _list(worker: "Worker", stage: Stage, old: str) -> Any:
    known = SimpleNamespace(version=read_version(old), commit=old)
    return worker.template.migration_tasks(stage, known)  # type: ignore[arg-type]


def _applies(worker: "Worker", task: Any) -> bool:
    from copier._tools import cast_to_bool

    extra = {f"_{name}": value for name, value in task.extra_vars.items()}
    return cast_to_bool(
        worker._render_value(task.condition, extra | {"_copier_operation": "update"})
    )
