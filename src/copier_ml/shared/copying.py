"""Copier, configured for this package, with errors that users can act on."""

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from textwrap import shorten
from typing import TYPE_CHECKING, Any

from .errors import describe

if TYPE_CHECKING:
    from copier._main import Worker


def make_worker(before_tasks: Callable[[], None] = lambda: None, **options: Any) -> "Worker":
    """Create a Copier worker for a folder that has no files in Git's index.

    Args:
        before_tasks: Called when the files are written.
        options: Those of ``copier.run_copy``.
    """
    # copier.run_copy offers no access to the questions before it writes.
    from copier._main import Worker

    class Renderer(Worker):
        def _sync_git_index_executable_bit(self, *_: object) -> None:
            """Do nothing: a Git process per file takes half the time of a render."""

        def _execute_tasks(self, tasks: Sequence[Any]) -> None:
            before_tasks()
            super()._execute_tasks(tasks)

    return Renderer(**options)


def refuse_unknown(answers: Mapping[Any, Any], questions: Mapping[str, Any]) -> None:
    """Refuse an answer without a question, which Copier would ignore."""
    asked = [name for name, question in questions.items() if question.get("when") is not False]
    for name in (name for name in answers if name not in questions):
        hint = shorten(f"its questions are {', '.join(asked)}", 110, placeholder=" ...")
        if nearest := get_close_matches(str(name), asked, n=1):
            hint = f"did you mean {nearest[0]!r}?"
        raise ValueError(f"the template has no question {name!r}; {hint}")


def refuse_unasked(answers: Mapping[str, Any], worker: "Worker") -> None:
    """Refuse an answer whose question was not asked, which Copier would ignore."""
    for name in (name for name in answers if name in worker.answers.hidden):
        condition = str(worker.template.questions_data[name]["when"]).strip("{} ")
        raise ValueError(f"{name!r} requires {condition}: set that answer, too")


def run_copy(worker: "Worker") -> None:
    """Ask, write and run the tasks.

    Raises:
        ValueError: An answer is invalid; the text has its question and its value.
    """
    from yaml import YAMLError

    try:
        worker.run_copy()
    except (TypeError, ValueError, YAMLError) as error:
        questions = worker.template.questions_data
        answered = worker.answers.user.keys() | worker.answers.hidden
        asked = (name for name, question in questions.items() if question.get("ask", True))
        name = next((name for name in asked if name not in answered), None)
        reason = describe(error).removeprefix(f"Validation error for question '{name}': ")
        if name not in worker.data or name in reason:
            raise
        hint = "; write a list as [a, b]" if questions[name].get("multiselect") else ""
        raise ValueError(f"{name}: {reason}{hint}{_quote(worker.data[name])}") from error


def _quote(value: Any) -> str:
    """Repeat a value in an error, unless it may be a URL with a password."""
    text = str(value)
    return "" if "@" in text else f" (got {text[:60]!r})"
