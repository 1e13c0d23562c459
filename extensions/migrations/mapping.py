"""Give another answer where one is offered no more: Copier would take the default, in silence.

Of a question with several answers, it would drop all of them for the one.
"""

from pathlib import Path
from typing import Any

import yaml
from project import Project


def map_answer(project: Project, question: str, old: Any, new: Any) -> None:
    """Change the answers file before the new version reads it; None takes the answer out."""
    file = Path(project.answers_file)
    text = file.read_text(encoding="utf-8")
    answers = yaml.safe_load(text)
    answer = answers.get(question)
    if isinstance(answer, list):
        mapped = [new if each == old else each for each in answer]
        answers[question] = list(dict.fromkeys(each for each in mapped if each is not None))
    elif answer == old and new is not None:
        answers[question] = new
    elif answer == old:
        del answers[question]
    if answers.get(question) != answer:
        comments = [line for line in text.splitlines(keepends=True) if line.startswith("#")]
        dumped = yaml.safe_dump(answers, allow_unicode=True)
        file.write_text("".join(comments) + dumped, encoding="utf-8")
