"""What is rendered covers the space of answers, as a computation of another kind finds it."""

import itertools
import math
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from loaded import ROOT, matrix, plan
from space import FULL, Space, coverage, every_variant, few_sets, label, pairs_of, questions, space

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


TOGETHER = [
    {"framework", "python_version", "cuda_version"},
    {"package_index", "package_index_auth"},
    {"profile", "features"},
]
"""Questions that speak of each other."""

ADDRESS = "package_index_url"
"""It follows from the index alone."""


@cache
def values() -> dict[str, list[Any]]:
    """Write out the answers of each question that has several, without Copier."""
    asked = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))
    found: dict[str, list[Any]] = {
        name: list(question["choices"].values())
        for name, question in asked.items()
        if isinstance(question, dict) and isinstance(question.get("choices"), dict)
    }
    found["python_version"] = matrix.offered_pythons()
    found["cuda_version"] = matrix.offered_cudas()
    found["repository_url"] = ["", "https://github.com/owner/name"]
    default = asked["features"]["default"]
    found["features"] = [default, *few_sets(found["features"])]
    return found


def is_possible(row: dict[str, Any]) -> bool:
    """Repeat the rules of copier.yml in Python."""
    stack = (row["framework"], row["python_version"], row["cuda_version"])
    return (
        not matrix.refuse_stack(*stack)
        and (row["framework"] in ("pytorch", "jax") or row["cuda_version"] == "none")
        and (row["package_index"] != "public" or row["package_index_auth"] == "none")
        and (row["features"] == values()["features"][0]) == (row["profile"] != "choose")
    )


@cache
def by_hand(*names: str) -> set[tuple[str, ...]]:
    """Walk through all answers to some questions, and to those that these speak of."""
    near = set(names).union(*(group for group in TOGETHER if group & {*names}))
    offered = {name: them if name in near else them[:1] for name, them in values().items()}
    rows = (dict(zip(offered, row, strict=True)) for row in itertools.product(*offered.values()))
    return {tuple(repr(row[name]) for name in names) for row in rows if is_possible(row)}


def met(*names: str) -> set[tuple[str, ...]]:
    return {tuple(repr(row[name]) for name in names) for row in every_variant()}


def test_the_size_is_that_of_all_answers() -> None:
    alone = values().keys() - set().union(*TOGETHER)
    n_stacks, n_indexes = (len(by_hand(*group)) for group in TOGETHER[:2])
    n_parts = len(values()["profile"]) - 1 + 2 ** len(questions()["features"]["choices"])
    n_others = math.prod(len(values()[name]) for name in alone)
    assert space().size == n_stacks * n_indexes * n_parts * n_others


def test_each_pair_that_is_possible_is_in_a_variant() -> None:
    names = sorted(values().keys() - {"features"})
    for pair in [*itertools.combinations(names, 2), ("profile", "features")]:
        assert met(*pair) == by_hand(*pair), pair


def test_each_set_of_parts_is_rendered_and_each_part_with_and_without_each_answer() -> None:
    assert met("features") == by_hand("features")
    rows = plan._read_choices()["features"]
    for name in values().keys() - {"profile", "features"}:
        for part in rows:
            sides = {(repr(row[name]), part in plan._parts(rows, row)) for row in every_variant()}
            assert len(sides) == 2 * len(values()[name]), (name, part)


def test_stacks_are_combined_in_full() -> None:
    assert met(*FULL) == by_hand(*FULL)


def test_each_variant_is_possible_and_has_a_name_of_its_own() -> None:
    assert all(map(is_possible, every_variant()))
    assert len({label(answers) for answers in every_variant()}) == len(every_variant())


def test_variants_are_few() -> None:
    assert len(every_variant()) < 60


def test_no_question_with_two_answers_is_left_out() -> None:
    assert set(every_variant()[0]) == {*values(), ADDRESS}


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
    assert few_sets([1, 2, 3]) == [[], [1], [2], [3], [2, 3], [1, 3], [1, 2], [1, 2, 3]]
    assert small.offered("floors", {"size": "small"}) == [2]
    assert small.offered("floors", {"size": "big"}) == [1, 2]
    assert small.offered("material", {"size": "big", "floors": 2}) == ["wood"]
    assert small.offered("address", {}) == ["", "12, High Street"]
    assert small.offered("owner", {}) == ["Ada"]
    assert small.offered("year", {}) == [2026]


def test_groups_are_of_questions_that_speak_of_each_other(small: Space) -> None:
    assert [sorted(rows[0]) for rows in small.groups if len(rows[0]) > 1] == [
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
    assert met >= small.pairs
    assert len(small.variants) < small.size / 4
    (tmp_path / "copier.yml").write_text(QUESTIONS, encoding="utf-8")
    assert Space(tmp_path, small.full).variants == small.variants


def test_a_question_that_nobody_can_answer_is_told(tmp_path: Path) -> None:
    (tmp_path / "copier.yml").write_text("who: {type: str, default: '', validator: 'no'}\n")
    with pytest.raises(AssertionError, match="who"):
        _ = Space(tmp_path).groups
