"""Run the migrations of all versions between the project's and the new one.

Copier runs it in the project before and after it writes, with the name of the answers file, once
for all versions. To add a migration, add a file `v1_2_0.py` (see steps.py) and name its version in
copier.yml.
"""

import json
import os
import runpy
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from answers_file import map_answer, set_answers
from owned import add_definition, is_unedited, merge_once
from packaging.version import Version
from project import Project
from renames import follow, keep_edited
from settings import add_setting, move_key, move_setting, remove_setting
from steps import (
    AddDefinition,
    AddSetting,
    KeepEdited,
    MapAnswer,
    MergeOnce,
    MoveKey,
    MoveSetting,
    RemoveSetting,
    Rename,
    ReplaceUnedited,
    SetAnswers,
    Step,
)


def main() -> None:
    """Read the stage and the versions from Copier's environment variables."""
    stage = os.environ["STAGE"]
    versions = (os.environ[f"VERSION_PEP440_{end}"] for end in ("FROM", "TO"))
    steps = list(find_steps(Path(__file__).parent, *map(Version, versions)))
    if steps:
        migrate(steps, stage, Project(sys.argv[1]))


def find_steps(folder: Path, old: Version, new: Version) -> Iterator[Step]:
    """Yield the steps of each version that `new` has and `old` lacks, oldest first."""
    scripts = {Version(path.stem[1:].replace("_", ".")): path for path in folder.glob("v*_*_*.py")}
    for version in sorted(it for it in scripts if old < it <= new):
        yield from runpy.run_path(str(scripts[version]))["STEPS"]


def migrate(steps: Iterable[Step], stage: str, project: Project) -> None:
    """Apply the steps of a stage: rename files first, then edit them."""
    steps = list(steps)
    owned, kept = _find_owned(steps, project)
    renames = chain(step for step in steps if isinstance(step, Rename))
    for path in owned:
        merge_once(project, path, stage)
    for old, new in renames.items():
        follow(project, old, new, stage)
    if stage == "before":
        _report_paths(project, renames, owned, kept)
    elif any(isinstance(step, KeepEdited) for step in steps):
        keep_edited(project, map(project.fill_old, renames))
    for step in steps:
        (_change_answers if stage == "before" else _edit)(project, step)


def _find_owned(steps: Iterable[Step], project: Project) -> tuple[list[str], list[str]]:
    """List the owner's files that this update merges, and those that it keeps."""
    merged: list[str] = []
    kept: list[str] = []
    for step in steps:
        match step:
            case MergeOnce(path):
                merged.append(path)
            case ReplaceUnedited(paths):
                is_new = all(is_unedited(project, path) for path in paths)
                (merged if is_new else kept).extend(paths)
            case _:
                pass
    merged = list(dict.fromkeys(merged))
    return merged, [path for path in kept if path not in merged]


def _change_answers(project: Project, step: Step) -> None:
    match step:
        case MapAnswer(question, old, new):
            map_answer(project, question, old, new)
        case SetAnswers(derive):
            set_answers(project, derive)
        case _:
            pass


def _edit(project: Project, step: Step) -> None:
    match step:
        case AddDefinition(file, name, lines):
            add_definition(project, file, name, lines)
        case AddSetting(file, lines):
            add_setting(file, lines)
        case MoveKey(file, old, new):
            move_key(project.fill(file), old, new)
        case MoveSetting(old, new):
            move_setting(project, old, new)
        case RemoveSetting(name):
            remove_setting(project, name)
        case _:
            pass


def _report_paths(
    project: Project, renames: dict[str, str], owned: list[str], kept: list[str]
) -> None:
    """Report the paths to `copier-ml update`, which merges the files at their new paths."""
    if file := os.environ.get("COPIER_ML_PATHS"):
        paths = {
            "renamed": {project.fill_old(old): project.fill(new) for old, new in renames.items()},
            "merged_once": [project.fill_old(path) for path in owned],
            "kept": [project.fill_old(path) for path in kept],
        }
        Path(file).write_text(json.dumps(paths), encoding="utf-8")


def chain(renames: Iterable[Rename]) -> dict[str, str]:
    """Map the first path of each file to its last one, after repeated renames."""
    last: dict[str, str] = {}
    for step in renames:
        first = next((old for old, new in last.items() if new == step.old), step.old)
        last[first] = step.new
    return last


if __name__ == "__main__":
    main()
