"""Render a template with a project's answers into a separate folder."""

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
    """A rendered version of a template."""

    folder: Path
    """Folder of the rendered files."""

    worker: "Worker"
    """Copier's worker, with the template, the answers and the rules."""

    @property
    def answers(self) -> dict[str, Any]:
        """Contents of the answers file."""
        from yaml import safe_load

        loaded: dict[str, Any] = safe_load((self.folder / ANSWERS_FILE).read_bytes())
        return loaded

    @property
    def root(self) -> Path:
        """Folder of the template's files in its clone."""
        return self.worker.template_copy_root

    def is_owners(self, path: str) -> bool:
        """Check whether a file belongs to the owner after the first render."""
        return self.worker.match_skip(Path(path))

    def is_excluded(self, path: str) -> bool:
        """Check whether this version excludes a file."""
        return self.worker.match_exclude(Path(path))

    def match(self, patterns: Iterable[str]) -> Callable[[str], bool]:
        """Return a function that matches files with gitignore patterns."""
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

    As in an update, an old answer that is no longer valid is replaced by the default. An invalid
    answer in ``data`` is an error.

    Args:
        template: The template.
        commit: The version.
        answers: Contents of the project's answers file.
        folder: Destination; it must not exist.
        data: Answers that override the project's.
        asks: Whether to ask the questions on the terminal, with the project's answers as defaults.

    Raises:
        ValueError: An answer in ``data`` is invalid, or a question is unknown or unanswered.
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
        unsafe=True,  # Callers have checked that the template is trusted.
    )
    # Copier may have its own temporary clone.
    weakref.finalize(worker, _clean, worker.template._cleanup, os.getpid())
    try:
        if checkout := template.check_out(commit):
            # Copier would clone the clone, which takes longer than the render. It has no option
            # for a folder that has a commit as well.
            vars(worker.template)["local_abspath"] = checkout
        refuse_unknown(worker.data, worker.template.questions_data)
        _name_source(worker.template, template.address)
        run_copy(worker)
    except BaseException:
        worker._cleanup()
        raise
    return Rendering(folder, worker)


def _clean(cleanup: Callable[[], None], process: int) -> None:
    """Clean up in the process that created the files, not in its forks."""
    if os.getpid() == process:
        cleanup()


def render_beside(*arguments: Any) -> "Beside":
    """Start ``render`` in another process, with the same arguments.

    Copier loads a template's extensions as modules by path, so one process cannot load two
    versions. Two processes also take half the time.
    """
    # Apple's libraries do not survive a fork; elsewhere it saves importing Copier once more.
    context: Any = get_context("fork" if sys.platform == "linux" else "spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_render_and_send, args=(sender, *arguments), daemon=True)
    process.start()
    sender.close()
    return Beside(process, receiver)


@dataclass(frozen=True)
class Beside:
    """A render in another process."""

    process: Any
    receiver: Any

    def join(self) -> set[str]:
        """Wait for the render and return the files that belong to the owner in that version.

        Raises:
            ValueError: The render failed.
        """
        try:
            result = self.receiver.recv()
        except EOFError:
            result = "the rendering process ended early"
        self.process.join()
        if isinstance(result, set):
            return result
        raise ValueError(f"cannot render the project's current template version: {result}")

    def stop(self) -> None:
        """Wait for its end, since it removes Copier's temporary folders; then kill it."""
        self.process.join(timeout=60)
        self.process.kill()
        self.process.join()


def _render_and_send(sender: Any, *arguments: Any) -> None:
    from .errors import describe

    try:
        done = render(*arguments)
        files = (path for path in done.folder.rglob("*") if path.is_file())
        paths = {path.relative_to(done.folder).as_posix() for path in files}
        result = {path for path in paths if done.is_owners(path)}
        done.worker._cleanup()  # This process runs no finalizers.
        sender.send(result)
    except KeyboardInterrupt:
        return  # The process that started this one reports Ctrl-C.
    except Exception as error:  # noqa: BLE001  (sent to the parent)
        sender.send(describe(error) or type(error).__name__)


def _name_source(template: Any, address: str) -> None:
    """Let Copier record the project's address of the template, not that of the temporary clone."""
    if template.commit:  # Copier has derived everything that depends on the clone's address.
        template.url = address
