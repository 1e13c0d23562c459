"""A removed answer is mapped to another one, by either kind of update."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import ROOT, domain, git, questions
from copier import run_copy, run_update
from owner import commit
from small_template import Template

from copier_ml.cli import main
from copier_ml.shared.releases import find_releases

Update = Callable[[Path], None]


def with_ours(project: Path) -> None:
    assert main(["update", str(project), "--apply", "--trust"]) == 0


def with_copier(project: Path) -> None:
    run_update(project, defaults=True, overwrite=True, unsafe=True, quiet=True)


BOTH = pytest.mark.parametrize("run", [with_ours, with_copier], ids=["copier-ml", "copier"])


def question(*choices: str, several: bool = False) -> dict[str, Any]:
    default = [choices[-1]] if several else choices[-1]
    return {"type": "str", "choices": [*choices], "default": default, "multiselect": several}


@pytest.fixture
def template(tmp_path: Path) -> Template:
    made = Template(tmp_path / "template")
    made.settings["license"] = question("GPL", "MIT", "None")
    made.settings["parts"] = question("docs", "gpu", "notebooks", "web", several=True)
    made.release("1.0.0", **{"a.txt.jinja": "{{ license }} {{ parts | join(' ') }}\n"})
    return made


def make(template: Template, folder: Path, **answers: Any) -> Path:
    run_copy(str(template.folder), folder, data=answers, defaults=True, unsafe=True, quiet=True)
    commit(folder, "start")
    return folder


def drop(template: Template) -> None:
    template.settings["license"] = question("MIT", "None")
    template.settings["parts"] = question("docs", "books", "web", several=True)
    template.release(
        "1.1.0",
        "MapAnswer('license', 'GPL', 'MIT')",
        "MapAnswer('parts', 'gpu')",
        "MapAnswer('parts', 'notebooks', 'books')",
    )


@BOTH
def test_an_answer_is_mapped_and_no_other_is_lost(
    template: Template, tmp_path: Path, run: Update
) -> None:
    project = make(template, tmp_path / "p", license="GPL", parts=["docs", "gpu", "notebooks"])
    drop(template)
    run(project)
    answers = yaml.safe_load((project / ".copier-answers.yml").read_text())
    assert answers["license"] == "MIT"
    assert answers["parts"] == ["docs", "books"]
    assert (project / "a.txt").read_text() == "MIT docs books\n"


@BOTH
def test_answers_that_are_offered_still_stay(
    template: Template, tmp_path: Path, run: Update
) -> None:
    project = make(template, tmp_path / "p", license="None", parts=["web"])
    drop(template)
    run(project)
    assert (project / "a.txt").read_text() == "None web\n"


def test_ours_tells(template: Template, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = make(template, tmp_path / "p", license="GPL")
    drop(template)
    assert main(["preview", str(project), "--trust"]) == 0
    assert '- license: "GPL" -> "MIT"' in capsys.readouterr().out


def offered(settings: dict[str, Any]) -> set[tuple[str, str]]:
    found = set()
    for name, asked in settings.items():
        choices = asked.get("choices", []) if isinstance(asked, dict) else []
        if isinstance(choices, (dict, list)):
            values = choices.values() if isinstance(choices, dict) else choices
            found |= {(name, str(value)) for value in values}
    return found


def test_each_answer_that_a_release_offered_is_offered_or_mapped() -> None:
    asked = {name for name, question in questions().items() if "choices" in question}
    answers = ((name, answer) for name in asked for answer in domain(name))
    now = {
        (name, str(value))
        for name, answer in answers
        for value in (answer if isinstance(answer, list) else [answer])
    }
    scripts = (ROOT / "extensions" / "migrations").glob("v*.py")
    mapped = "".join(path.read_text(encoding="utf-8") for path in scripts)
    for release in find_releases(ROOT).values():
        before = yaml.safe_load(git("show", f"{release}:copier.yml", folder=ROOT))
        for name, value in offered(before) - now:
            assert name not in asked or f'MapAnswer("{name}", "{value}"' in mapped, (name, value)
