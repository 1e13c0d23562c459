"""The renders that linters read leave out no file of the template and no answer."""

from pathlib import Path

import pytest
from conftest import domain, git, questions
from covering import COVERING
from loaded import ROOT

CHOSEN = [name for name, question in questions().items() if "choices" in question]


@pytest.mark.parametrize("question", CHOSEN)
def test_every_answer_of_a_choice_is_taken(question: str) -> None:
    default = questions()[question].get("default")
    taken = [answers.get(question, default) for answers in COVERING.values()]
    if questions()[question].get("multiselect"):
        wanted = max(domain(question), key=len)
        assert all(any(one in chosen for chosen in taken) for one in wanted)
        assert all(any(one not in chosen for chosen in taken) for one in wanted)
    else:
        assert set(domain(question)) <= set(taken)


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
