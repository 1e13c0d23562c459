"""Which files are to be predicted, and where the predictions of each go."""

import logging
from collections import Counter
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from . import data, storage
from .storage import Place

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Job:
    """One file of rows, and the one file of its predictions."""

    source: Place
    target: Place
    is_of_folder: bool

    def origin(self) -> dict[str, str]:
        """Tell this file from every other, and from what it was before."""
        return {"input": f"{self.source}, {self.source.version()}"}


def plan(input_path: str, output_path: str) -> list[Job]:
    """Pair each file of the input with one of the output: one file, or each one of a folder.

    Raises:
        ValueError: If there is no input, its suffix is unknown, the output is no Parquet file, or
            it would replace the input.
    """
    source, target = storage.place(input_path), storage.place(output_path)
    data.make_if_default(Path(input_path))
    if source.is_file():
        _check_file(source, target)
        return [Job(source, target, is_of_folder=False)]
    found = source.names()
    names = [name for name in found if PurePosixPath(name).suffix in data.READERS]
    if not names:
        kinds = ", ".join(data.READERS)
        what = f"holds no file of {kinds}" if found else "does not exist"
        raise ValueError(f"{source} {what}; '--input-path' names another file or folder")
    _check_folder(source, target)
    if len(names) < len(found):
        log.info("%s: %d file(s) of other kinds are left out", source, len(found) - len(names))
    outputs = [str(PurePosixPath(name).with_suffix(".parquet")) for name in names]
    if twice := [name for name, count in Counter(outputs).items() if count > 1]:
        raise ValueError(f"{source} has several files whose predictions would be {twice[0]}")
    return [
        Job(source.inside(name), target.inside(output), is_of_folder=True)
        for name, output in zip(names, outputs, strict=True)
    ]


def _check_file(source: Place, target: Place) -> None:
    if source.pure.suffix not in data.READERS:
        raise ValueError(f"{source} is neither of {', '.join(data.READERS)}")
    if target.pure.suffix != ".parquet":
        raise ValueError(f"{target} would hold Parquet; give it a name that ends in .parquet")
    if target.resolved() == source.resolved():
        raise ValueError(f"{target} is the input; give '--output-path' another file")


def _check_folder(source: Place, target: Place) -> None:
    if target.pure.suffix == ".parquet":
        raise ValueError(f"{source} is a folder; give '--output-path' a folder, not {target}")
    inner, outer = target.resolved(), source.resolved()
    if f"{inner}/".startswith(f"{outer}/") or f"{outer}/".startswith(f"{inner}/"):
        raise ValueError(f"{source} and {target} overlap; give '--output-path' a folder beside it")
