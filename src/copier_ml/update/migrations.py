"""A template's migrations, run in a folder that Copier did not choose."""

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
"""Set for migrations, to 1: the merge follows renames, so they need not."""

RENDERED = "COPIER_ML_OLD"
"""Set for migrations where it is known: the tree that the old version of the template rendered."""

PATHS = "COPIER_ML_PATHS"
"""Set for migrations before the merge: the file that they write a JSON object with ``Paths`` to."""

NO_LOCK = "COPIER_ML_NO_LOCK"
"""Set for migrations after the merge, to 1, if they must not let uv lock the project."""


@dataclass(frozen=True)
class Paths:
    """What migrations tell of the project's files, for the merge."""

    renamed: dict[str, str] = field(default_factory=dict)
    """New path of each file that the template gave another one."""

    merged_once: list[str] = field(default_factory=list)
    """Files of the owner's that are merged in this update, although they are the owner's."""

    kept: list[str] = field(default_factory=list)
    """Files of the owner's that stay although they were not edited: others of their kind were."""


def has_migrations(worker: "Worker", stage: Stage, old: str) -> bool:
    """Tell whether the template does something at that stage of an update from a version."""
    from copier._types import Phase

    with Phase.use(Phase.MIGRATE):
        return any(_applies(worker, task) for task in _list(worker, stage, old))


def migrate(worker: "Worker", stage: Stage, old: str, folder: Path, **variables: str) -> None:
    """Run the template's migrations of a stage.

    Args:
        worker: Copier, with the template and the project's new answers.
        stage: Before or after the merge.
        old: Version of the template that the project had.
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
    # Copier runs a migration where it renders to; what is rendered here is elsewhere.
    worker.subproject = Subproject(local_abspath=folder)
    try:
        with Phase.use(Phase.MIGRATE), plumbum.local.env(**own_environment(), **own):
            as_operation("update")(worker._execute_tasks)(_list(worker, stage, old))
    finally:
        worker.subproject = was


def migrate_before(worker: "Worker", old: str, folder: Path, rendered: str, work: Path) -> Paths:
    """Run the template's migrations before the merge, and return what they tell of paths.

    Args:
        worker: As for ``migrate``.
        old: Version of the template that the project had.
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
