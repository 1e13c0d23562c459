"""Change the answers file before the new version reads it.

If an answer is no longer offered, Copier would silently use the default, and drop all other answers
to a multiselect question.
"""

from collections.abc import Callable
from typing import Any

import yaml
from project import Project, inside

Answers = dict[str, Any]


def map_answer(project: Project, question: str, old: Any, new: Any) -> None:
    """Replace an answer; None removes it."""
    _change(project, lambda answers: _map(answers, question, old, new))


def set_answers(project: Project, derive: Callable[[Answers], Answers]) -> None:
    """Add derived answers."""
    _change(project, lambda answers: answers | derive(answers))


def _map(answers: Answers, question: str, old: Any, new: Any) -> Answers:
    answer = answers.get(question)
    if isinstance(answer, list):
        mapped = [new if each == old else each for each in answer]
        answer = list(dict.fromkeys(each for each in mapped if each is not None))
    elif answer == old:
        answer = new
    others = {name: value for name, value in answers.items() if name != question}
    return others if answer is None else {**others, question: answer}


def _change(project: Project, change: Callable[[Answers], Answers]) -> None:
    file = inside(project.answers_file)
    text = file.read_text(encoding="utf-8")
    answers = yaml.safe_load(text)
    changed = change(answers)
    if changed != answers:
        comments = [line for line in text.splitlines(keepends=True) if line.startswith("#")]
        dumped = yaml.safe_dump(changed, allow_unicode=True)
        file.write_text("".join(comments) + dumped, encoding="utf-8")
