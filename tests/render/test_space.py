"""What is rendered covers the space of answers, as a computation of another kind finds it."""

import itertools
from pathlib import Path
from typing import Any

import pytest
import yaml
from loaded import ROOT, matrix
from space import FULL, Space, coverage, every_variant, label, pairs_of, space

QUESTIONS = """
_jinja_extensions: [copier_template_extensions.TemplateExtensionLoader]
size: {type: str, choices: [small, big]}
parts: {type: str, multiselect: true, choices: {Doors: doors, Windows: windows}}
floors: {type: int, choices: [1, 2], default: 2, when: "{{ size == 'big' }}"}
colour: {type: str, choices: "[red, [Sky blue, {value: blue}]]"}
material:
  type: str
  choices:
    Wood: wood
    Stone:
      value: stone
      validator: "{{ 'too heavy' if floors == 2 and size == 'big' else '' }}"
address: {type: str, default: "", placeholder: "12, High Street"}
owner: {default: nobody, placeholder: Ada, validator: "{{ 'who?' if owner == 'nobody' }}"}
year: {type: int, default: 2026, ask: false}
"""


def by_hand() -> list[dict[str, Any]]:
    """Walk through all answers, one by one, with the rules of copier.yml written out in Python."""
    asked = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))
    values: dict[str, list[Any]] = {
        name: list(question["choices"].values())
        for name, question in asked.items()
        if isinstance(question, dict) and isinstance(question.get("choices"), dict)
    }
    values["python_version"] = matrix.offered_pythons()
    values["cuda_version"] = matrix.offered_cudas()
    values["repository_url"] = ["", "https://github.com/owner/name"]
    values["features"] = [
        [name for name, is_chosen in zip(values["features"], chosen, strict=True) if is_chosen]
        for chosen in itertools.product([False, True], repeat=len(values["features"]))
    ]
    stack = [[*values].index(name) for name in ("framework", "python_version", "cuda_version")]
    index, auth = ([*values].index(name) for name in ("package_index", "package_index_auth"))
    served = {
        row
        for row in itertools.product(*(values[[*values][place]] for place in stack))
        if not matrix.refuse_stack(*row) and (row[0] in ("pytorch", "jax") or row[2] == "none")
    }
    return [
        dict(zip(values, row, strict=True))
        for row in itertools.product(*values.values())
        if (row[stack[0]], row[stack[1]], row[stack[2]]) in served
        and (row[index] != "public" or row[auth] == "none")
    ]


@pytest.fixture(scope="module")
def walked() -> list[dict[str, Any]]:
    return by_hand()


def test_the_size_is_that_of_all_answers(walked: list[dict[str, Any]]) -> None:
    assert space().size == len(walked)


def test_each_pair_that_is_possible_is_in_a_variant(walked: list[dict[str, Any]]) -> None:
    names = sorted(walked[0])
    for one, other in itertools.combinations(names, 2):
        possible = {(repr(row[one]), repr(row[other])) for row in walked}
        met = {(repr(row[one]), repr(row[other])) for row in every_variant()}
        assert met == possible, (one, other)


def test_stacks_and_indexes_are_combined_in_full(walked: list[dict[str, Any]]) -> None:
    possible = {tuple(row[name] for name in FULL) for row in walked}
    assert {tuple(row[name] for name in FULL) for row in every_variant()} == possible


def test_each_variant_is_possible_and_has_a_name_of_its_own(walked: list[dict[str, Any]]) -> None:
    known = {repr(sorted(row.items())) for row in walked}
    named = [{name: row[name] for name in walked[0]} for row in every_variant()]
    assert {repr(sorted(row.items())) for row in named} <= known
    assert len({label(answers) for answers in every_variant()}) == len(every_variant())


def test_no_question_with_two_answers_is_left_out(walked: list[dict[str, Any]]) -> None:
    # The address follows from the index alone.
    assert set(every_variant()[0]) == {*walked[0], "package_index_url"}


def test_the_coverage_is_told() -> None:
    n_pairs = len(space().pairs)
    assert f" of {space().size:,}: {n_pairs} of {n_pairs} pairs of answers, " in coverage()


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Space:
    folder = tmp_path_factory.mktemp("small")
    (folder / "copier.yml").write_text(QUESTIONS, encoding="utf-8")
    return Space(folder, ("size", "colour"))


def test_copier_says_what_may_be_answered(small: Space) -> None:
    assert small.offered("parts", {}) == [[], ["doors"], ["windows"], ["doors", "windows"]]
    assert small.offered("floors", {"size": "small"}) == [2]
    assert small.offered("floors", {"size": "big"}) == [1, 2]
    assert small.offered("material", {"size": "big", "floors": 2}) == ["wood"]
    assert small.offered("address", {}) == ["", "12, High Street"]
    assert small.offered("owner", {}) == ["Ada"]
    assert small.offered("year", {}) == [2026]


def test_parts_are_of_questions_that_speak_of_each_other(small: Space) -> None:
    assert [sorted(rows[0]) for rows in small.parts if len(rows[0]) > 1] == [
        ["floors", "material", "size"]
    ]
    assert small.size == 4 * 5 * 2 * 2
    assert sorted(small.axes) == ["address", "colour", "floors", "material", "parts", "size"]


def test_what_cannot_go_together_is_no_pair(small: Space) -> None:
    impossible = {"floors": 1, "size": "small"}
    assert not pairs_of(impossible) & small.pairs
    assert pairs_of({"floors": 1, "size": "big"}) <= small.pairs


def test_the_set_is_small_and_the_same_each_time(small: Space, tmp_path: Path) -> None:
    met = set().union(*map(pairs_of, small.variants))
    assert met == small.pairs
    assert len(small.variants) < small.size / 4
    (tmp_path / "copier.yml").write_text(QUESTIONS, encoding="utf-8")
    assert Space(tmp_path, small.full).variants == small.variants


def test_a_question_that_nobody_can_answer_is_told(tmp_path: Path) -> None:
    (tmp_path / "copier.yml").write_text("who: {type: str, default: '', validator: 'no'}\n")
    with pytest.raises(AssertionError, match="who"):
        _ = Space(tmp_path).parts
