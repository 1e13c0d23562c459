"""Migration of versions that moved something: apply the steps of each that the project passes.

Copier runs it in the project before and after it writes, with the name of the answers file, once
for all versions. To add a migration, add a file `v1_2_0.py` (see steps.py) and name its version in
copier.yml.
"""

import os
import runpy
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from handover import hand_over
from mapping import map_answer
from packaging.version import Version
from project import Project
from renames import follow
from settings import move_key, move_setting
from steps import HandOver, MapAnswer, MoveKey, MoveSetting, Rename, Step


def main() -> None:
    """Take the stage and the versions from the environment that Copier makes."""
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
    """Apply what this stage can do: files are renamed, and only then is looked into them."""
    steps = list(steps)
    for path in (step.path for step in steps if isinstance(step, HandOver)):
        hand_over(project, path, stage)
    for old, new in chain(step for step in steps if isinstance(step, Rename)).items():
        follow(project, old, new, stage)
    if stage == "before":
        for answer in (step for step in steps if isinstance(step, MapAnswer)):
            map_answer(project, answer.question, answer.old, answer.new)
        return
    for step in steps:
        match step:
            case MoveSetting(old, new):
                move_setting(project, old, new)
            case MoveKey(file, old, new):
                move_key(project.fill(file), old, new)
            case HandOver() | MapAnswer() | Rename():
                pass  # Done above.


def chain(renames: Iterable[Rename]) -> dict[str, str]:
    """Map the first path of each file to its last one, where versions renamed it twice."""
    last: dict[str, str] = {}
    for step in renames:
        first = next((old for old, new in last.items() if new == step.old), step.old)
        last[first] = step.new
    return last


if __name__ == "__main__":
    main()
