"""A template rendered with a project's answers, into a folder of its own."""

import os
import sys
import weakref
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .copying import make_worker, refuse_unknown, run_copy
from .project import ANSWERS_FILE
from .template import Template

if TYPE_CHECKING:
    from copier._main import Worker


@dataclass(frozen=True)
class Rendering:
    """What a version of a template makes of some answers."""

    folder: Path
    """Where its files are."""

    worker: "Worker"
    """Copier, with the template, the answers and the rules that gave this."""

    @property
    def answers(self) -> dict[str, Any]:
        """The answers file, whole."""
        from yaml import safe_load

        loaded: dict[str, Any] = safe_load((self.folder / ANSWERS_FILE).read_bytes())
        return loaded

    @property
    def root(self) -> Path:
        """Folder with the files of the template, in a clone of it."""
        return self.worker.template_copy_root

    def is_owners(self, path: str) -> bool:
        """Tell whether a file is the owner's from the first day on."""
        return self.worker.match_skip(Path(path))

    def is_excluded(self, path: str) -> bool:
        """Tell whether this version leaves a file out, for these answers or for any."""
        return self.worker.match_exclude(Path(path))

    def match(self, patterns: Iterable[str]) -> Callable[[str], bool]:
        """Make what tells whether one of some Gitignore patterns fits a file."""
        is_match = self.worker._path_matcher(patterns)
        return lambda path: is_match(Path(path))


def render(
    template: Template,
    commit: str,
    answers: Mapping[str, Any],
    folder: Path,
    data: Mapping[str, Any] | None = None,
    *,
    asks: bool = False,
) -> Rendering:
    """Render a version of a template, without its tasks.

    Old answers count as an update counts them: one that is no longer valid gives way to the
    default, where ``data`` is refused if it is not valid.

    Args:
        template: Where the version is.
        commit: The version.
        answers: The answers file of the project.
        folder: Where the files go; it must not exist.
        data: Answers that win over the project's.
        asks: Whether the rest is asked on the terminal, with the project's answers as defaults.

    Raises:
        ValueError: An answer of ``data`` is refused, or a question is unknown or unanswered.
    """
    from yaml import safe_dump

    folder.mkdir(parents=True)
    remembered = dict(answers) | {"_src_path": str(template.folder), "_commit": commit}
    (folder / ANSWERS_FILE).write_text(safe_dump(remembered), encoding="utf-8")
    worker = make_worker(
        src_path=str(template.folder),
        dst_path=folder,
        vcs_ref=commit,
        data=dict(data or {}),
        defaults=not asks,
        overwrite=True,
        quiet=True,
        skip_tasks=True,
        unsafe=True,  # Whether the template is trusted has been asked before.
    )
    # Copier has a clone of its own in the folder for temporary files.
    weakref.finalize(worker, _clean, worker.template._cleanup, os.getpid())
    try:
        refuse_unknown(worker.data, worker.template.questions_data)
        _name_source(worker.template, template.address)
        run_copy(worker)
    except BaseException:
        worker._cleanup()
        raise
    return Rendering(folder, worker)


def _clean(cleanup: Callable[[], None], process: int) -> None:
    """Remove what a process made; a fork of it only seems to have made it, too."""
    if os.getpid() == process:
        cleanup()


def render_beside(*arguments: Any) -> "Beside":
    """Start ``render`` in a process beside this one, with the same arguments.

    A template's extensions are modules that Copier loads by their path: two versions of them do not
    go into one process, and two renders in two processes take the time of one.
    """
    # Apple's libraries do not survive a fork; elsewhere it saves importing Copier once more.
    context: Any = get_context("fork" if sys.platform == "linux" else "spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_render_and_tell, args=(sender, *arguments), daemon=True)
    process.start()
    sender.close()
    return Beside(process, receiver)


@dataclass(frozen=True)
class Beside:
    """A render in another process."""

    process: Any
    receiver: Any

    def join(self) -> set[str]:
        """Wait until it is done, and give the files that are the owner's in that version.

        Raises:
            ValueError: What the other process complained of.
        """
        try:
            result = self.receiver.recv()
        except EOFError:
            result = "the process that renders it ended early"
        self.process.join()
        if isinstance(result, set):
            return result
        raise ValueError(f"cannot render the version that the project has: {result}")

    def stop(self) -> None:
        """Let it end, whatever came of it: it removes what Copier has in other folders."""
        self.process.join(timeout=60)
        self.process.kill()
        self.process.join()


def _render_and_tell(sender: Any, *arguments: Any) -> None:
    from .errors import describe

    try:
        done = render(*arguments)
        files = (path for path in done.folder.rglob("*") if path.is_file())
        paths = {path.relative_to(done.folder).as_posix() for path in files}
        result = {path for path in paths if done.is_owners(path)}
        done.worker._cleanup()  # Nothing is finalized in this process.
        sender.send(result)
    except KeyboardInterrupt:
        return  # The process that started this one reports Ctrl-C.
    except Exception as error:  # noqa: BLE001  (who waits tells it)
        sender.send(describe(error) or type(error).__name__)


def _name_source(template: Any, address: str) -> None:
    """Let Copier remember the address that the project knows, not that of the throw-away clone."""
    if template.commit:  # By now, Copier has all that it derives from the clone's address.
        template.url = address
