"""The space of answers, as copier.yml has it: Copier itself says what may be answered.

    uv run python tests/support/space.py

prints how much of it the tests render. Nothing here knows a question; only ``FULL`` names some.
Questions that speak of each other make a group. No group knows of another, so the space is the
product of its groups, and no run has to visit all of it. Of a multiselect, no test checks
every subset either: choices that know nothing of each other need one set with and one without each.
"""

import itertools
import math
import shutil
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from functools import cache, cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from copier._settings import SettingsModel
from copier._types import MISSING, Phase
from copier._user_data import AnswersMap, Question
from jinja2 import meta
from loaded import ROOT

from copier_ml.shared.copying import make_worker

Answers = dict[str, Any]
Pair = frozenset[tuple[str, str]]
"""Two questions, each with one answer, written out."""

FULL = ("framework", "python_version", "cuda_version")
"""Questions whose answers are all combined: where locks and images differ most."""


class Space:
    """What the questions of a template allow."""

    def __init__(self, template: Path, full: tuple[str, ...] = ()) -> None:
        options = {"settings": SettingsModel(), "unsafe": True, "quiet": True}
        self._worker = make_worker(src_path=str(template), dst_path=template / "nowhere", **options)
        self.questions: dict[str, Any] = self._worker.template.questions_data
        self.full = full

    def offered(self, name: str, before: Answers) -> list[Any]:
        """Ask Copier what may be answered to a question, after the answers before it.

        A question that is not asked has its default; a text has its default and its placeholder,
        which is an example; a multiselect has what ``few_sets`` says.
        """
        with Phase.use(Phase.PROMPT):
            question = self._question(name, before)
            if not question.get_when():
                return [question.get_default()]
            if question.choices:
                choices = question._formatted_choices
                found = [question.cast_answer(it.value) for it in choices if not it.disabled]
                answers = few_sets(found) if question.multiselect else found
            else:
                answers = [it for it in (_default(question),) if it is not MISSING]
                if example := question.get_placeholder():  # None is an empty one.
                    answers.append(question.cast_answer(example))
            return [answer for answer in answers if _is_accepted(question, answer)]

    @cached_property
    def groups(self) -> list[list[Answers]]:
        """All answers of each group of questions that speak of each other."""
        groups: list[set[str]] = []
        for name in self.questions:
            near = {name, *self._mentioned(name)}
            joined = near.union(*(group for group in groups if group & near))
            groups = [group for group in groups if not group & joined] + [joined]
        return [self._rows([name for name in self.questions if name in it]) for it in groups]

    @cached_property
    def axes(self) -> dict[str, list[Any]]:
        """Questions with more than one answer, and their answers."""
        found: dict[str, list[Any]] = {name: [] for name in self.questions}
        for name, answer in (
            item for group in self.groups for row in group for item in row.items()
        ):
            if answer not in found[name]:
                found[name].append(answer)
        return {name: answers for name, answers in found.items() if len(answers) > 1}

    @property
    def size(self) -> int:
        """Number of ways to answer all questions, a multiselect with any subset."""
        return int(math.prod(sum(map(self._weigh, rows)) for rows in self.groups))

    def combinations(self, *names: str) -> list[Answers]:
        """All ways in which some questions can be answered together."""
        tables = []
        for group in self.groups:
            rows = [{name: row[name] for name in names if name in row} for row in group]
            tables.append([row for place, row in enumerate(rows) if row not in rows[:place]])
        found = (
            dict(itertools.chain(*map(dict.items, rows))) for rows in itertools.product(*tables)
        )
        return [{name: answers[name] for name in names} for answers in found]

    @cached_property
    def pairs(self) -> frozenset[Pair]:
        """Each two answers that can go together; a set of a multiselect, with its group alone."""
        couples = (it for it in itertools.combinations(self.axes, 2) if self._is_crossed(*it))
        return frozenset(
            pair for names in couples for row in self.combinations(*names) for pair in pairs_of(row)
        )

    @cached_property
    def variants(self) -> list[Answers]:
        """Some of the space: ``full`` in full, and every possible pair at least once.

        Where there is a choice, pairs that no variant has yet come first, and then rare ones.
        """
        met: Counter[Pair] = Counter()
        found = [self._compose(wanted, met) for wanted in self.combinations(*self.full)]
        for pair in sorted(self.pairs, key=sorted):
            if pair not in met:
                named = {
                    name: answer for name, answer in self._named() if (name, repr(answer)) in pair
                }
                found.append(self._compose(named, met))
        return found

    def _compose(self, wanted: Answers, met: Counter[Pair]) -> Answers:
        """Put a row of each group together, and count its pairs."""
        row: Answers = {}
        fitting = [[it for it in group if _agrees(it, wanted)] for group in self.groups]
        for rows in sorted(fitting, key=len):
            tried = [row | self._on_axes(it) for it in rows]
            row = max(tried, key=lambda it: _worth(pairs_of(it), met))
        met.update(pairs_of(row))
        return {name: row[name] for name in self.axes}

    def _on_axes(self, row: Answers) -> Answers:
        return {name: answer for name, answer in row.items() if name in self.axes}

    def _named(self) -> Iterator[tuple[str, Any]]:
        return ((name, answer) for name, answers in self.axes.items() for answer in answers)

    def _is_crossed(self, *names: str) -> bool:
        is_any_set = any(self.questions[name].get("multiselect") for name in names)
        return not is_any_set or any(rows[0].keys() >= {*names} for rows in self.groups)

    def _weigh(self, row: Answers) -> Fraction:
        """Count the subsets that a row stands for: one, where no multiselect is asked."""
        asked = (name for name in row if self.questions[name].get("multiselect"))
        offered = (self.offered(name, row) for name in asked)
        many = (sets for sets in offered if len(sets) > 1)
        return math.prod(
            (Fraction(2 ** len(sets[-1]), len(sets)) for sets in many), start=Fraction(1)
        )

    def _rows(self, names: list[str]) -> list[Answers]:
        rows: list[Answers] = [{}]
        for name in names:
            rows = [row | {name: it} for row in rows for it in self.offered(name, row)]
        assert rows, f"these cannot all be answered: {names}; a text may need a placeholder"
        return rows

    def _question(self, name: str, before: Answers) -> Question:
        worker = self._worker
        worker.answers = AnswersMap(user=dict(before))
        options = {"jinja_env": worker.jinja_env, "settings": worker.settings, "var_name": name}
        context = worker._render_context()
        return Question(answers=worker.answers, context=context, **options, **self.questions[name])

    def _mentioned(self, name: str) -> set[str]:
        """Names of other questions in all that a question says."""
        parse = self._worker.jinja_env.parse
        texts = _texts(self.questions[name])
        found = {word for text in texts for word in meta.find_undeclared_variables(parse(text))}
        return found & self.questions.keys()


def pairs_of(answers: Answers) -> set[Pair]:
    """List each two of some answers."""
    written = [(name, repr(answer)) for name, answer in answers.items()]
    return set(map(frozenset, itertools.combinations(written, 2)))


def _worth(pairs: set[Pair], met: Counter[Pair]) -> tuple[int, int]:
    return sum(pair not in met for pair in pairs), -sum(met[pair] for pair in pairs)


def _agrees(row: Answers, wanted: Answers) -> bool:
    return all(row[name] == answer for name, answer in wanted.items() if name in row)


def _default(question: Question) -> Any:
    """The default, unless there is none or it is refused: then it has to be answered."""
    try:
        return question.get_default()
    except ValueError:
        return MISSING


def few_sets(choices: list[Any]) -> list[list[Any]]:
    """List nothing, each choice alone, all but each, and all: as many as twice the choices."""
    alone = [[choice] for choice in choices]
    without = [[it for it in choices if it != choice] for choice in choices]
    found = [[], *alone, *without, choices]
    return [it for place, it in enumerate(found) if it not in found[:place]]


def _is_accepted(question: Question, answer: Any) -> bool:
    try:
        question.validate_answer(answer)
    except ValueError:
        return False
    return True


def _texts(value: Any) -> Iterator[str]:
    """Every text in a question, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts(part)


@cache
def space() -> Space:
    """The space of this template, as it is on disk."""
    # Of a repository, Copier would take what is committed.
    with TemporaryDirectory() as folder:
        shutil.copy(ROOT / "copier.yml", folder)
        shutil.copytree(ROOT / "extensions", Path(folder) / "extensions")
        found = Space(Path(folder), FULL)
        assert found.groups
    return found


def questions() -> dict[str, Any]:
    """Questions of copier.yml, without its settings."""
    return space().questions


def domain(name: str) -> list[Any]:
    """Every answer of a question with choices; a multiselect has those of ``few_sets``."""
    return space().axes[name]


def every_stack() -> list[Answers]:
    """All frameworks, Pythons and CUDAs that go together."""
    return space().combinations("framework", "python_version", "cuda_version")


def every_variant() -> list[Answers]:
    """The answers of each project that is rendered, parsed and checked."""
    return space().variants


def label(answers: Answers) -> str:
    """Readable test id, such as ``MIT-gitlab-none-jax-3.12-13.0-public-none-choose-docs``."""
    texts = [_word(name, answer) for name, answer in answers.items()]
    return "-".join(text for text in texts if text and "/" not in text)


def _word(name: str, answer: Any) -> str:
    if not isinstance(answer, list):
        return str(answer)
    missing = [it for it in questions()[name]["choices"].values() if it not in answer]
    few = "+".join(f"no_{it}" for it in missing) or "all"
    return few if len(missing) < 2 else "+".join(answer) or "bare"


def coverage() -> str:
    """Say in a sentence how much of the space is covered."""
    found, here = every_variant(), space()
    met = {pair for answers in found for pair in pairs_of(answers)} & here.pairs
    full = here.combinations(*FULL)
    combined = sum(any(_agrees(answers, row) for answers in found) for row in full)
    return (
        f"{len(found)} variants of {here.size:,}: {len(met)} of {len(here.pairs)} pairs of "
        f"answers, {combined} of {len(full)} combinations of {', '.join(FULL)}"
    )


if __name__ == "__main__":
    print(coverage())
