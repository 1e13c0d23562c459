"""The renders that linters read leave out no file of the template and no answer."""

from pathlib import Path

import pytest
from conftest import domain, git, questions
from covering import COVERING
from loaded import ROOT, plan

CHOSEN = [name for name, it in questions().items() if "choices" in it and not it.get("multiselect")]


@pytest.mark.parametrize("question", CHOSEN)
def test_every_answer_of_a_choice_is_taken(question: str) -> None:
    default = questions()[question].get("default")
    taken = [answers.get(question, default) for answers in COVERING.values()]
    assert set(domain(question)) <= set(taken)


def test_every_part_is_in_one_and_left_out_of_another() -> None:
    rows = plan._read_choices()["features"]
    parts = [set(plan._parts(rows, answers)) for answers in COVERING.values()]
    for name in rows:
        assert {name in found for found in parts} == {True, False}, name


def test_every_file_of_the_template_is_rendered(covering: Path) -> None:
    listed = git("ls-files", "-z", "template", folder=ROOT).split("\0")[:-1]
    existing = [name for name in listed if (ROOT / name).is_file()]
    plain = {name.removeprefix("template/").removesuffix(".jinja") for name in existing}
    wanted = {
        name.replace("{{ package_name }}", "my_ml_project").replace(
            "{{ _copier_conf.answers_file }}", ".copier-answers.yml"
        )
        for name in plain
    }
    found = {
        path.relative_to(covering).as_posix().partition("/")[2] for path in covering.rglob("*")
    }
    assert wanted <= found
