"""Copier, set up as this package needs it, with mistakes reported so that users can fix them."""

from collections.abc import Mapping
from difflib import get_close_matches
from textwrap import shorten
from typing import TYPE_CHECKING, Any

from .errors import describe

if TYPE_CHECKING:
    from copier._main import Worker


def make_worker(**options: Any) -> "Worker":
    """Set Copier up to render into a folder where no file is in Git's index yet."""
    # copier.run_copy shows the questions only after writing.
    from copier._main import Worker

    class Renderer(Worker):
        def _sync_git_index_executable_bit(self, *_: object) -> None:
            """Do nothing: one question to Git for each file is half the time of a render."""

    return Renderer(**options)


def refuse_unknown(answers: Mapping[Any, Any], questions: Mapping[str, Any]) -> None:
    """Refuse an answer without a question, which Copier would drop in silence."""
    asked = [name for name, question in questions.items() if question.get("when") is not False]
    for name in (name for name in answers if name not in questions):
        hint = shorten(f"it asks {', '.join(asked)}", 110, placeholder=" ...")
        if nearest := get_close_matches(str(name), asked, n=1):
            hint = f"did you mean {nearest[0]!r}?"
        raise ValueError(f"the template does not ask {name!r}; {hint}")


def refuse_unasked(answers: Mapping[str, Any], worker: "Worker") -> None:
    """Refuse an answer whose question was not asked, which Copier would drop in silence."""
    for name in (name for name in answers if name in worker.answers.hidden):
        condition = str(worker.template.questions_data[name]["when"]).strip("{} ")
        raise ValueError(f"{name!r} is asked only when {condition}: give that answer, too")


def run_copy(worker: "Worker") -> None:
    """Ask, write and run the tasks; name the answer that Copier chokes on, as it does not."""
    from yaml import YAMLError

    try:
        worker.run_copy()
    except (TypeError, ValueError, YAMLError) as error:
        questions = worker.template.questions_data
        answered = worker.answers.user.keys() | worker.answers.hidden
        asked = (name for name, question in questions.items() if question.get("ask", True))
        name = next((name for name in asked if name not in answered), None)
        if name not in worker.data or name in str(error):
            raise
        hint = "; write a list as [a, b]" if questions[name].get("multiselect") else ""
        given = worker.data[name]
        raise ValueError(f"{name} cannot be {given!r}: {describe(error)}{hint}") from error
