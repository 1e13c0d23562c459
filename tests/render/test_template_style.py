"""The house style, as tests: templates print facts and decide nothing."""

import re
from pathlib import Path

import pytest
from conftest import ROOT, domain

FOLDERS = [ROOT / "template", ROOT / "variants"]
FILES = sorted(path for folder in FOLDERS for path in folder.rglob("*") if path.is_file())
TEMPLATES = [path for path in FILES if path.suffix in {".jinja", ".txt"}]
PAGES = [path for path in FILES if path.suffix == ".html"]
"""Templates that a project renders itself."""

SOURCES = [path for path in FILES if path.suffix == ".py"]

TAG = re.compile(r"\{%.*?%\}", re.S)
BARE_CONDITION = re.compile(r"\{% if (not )?[\w.]+ %\}")
FORBIDDEN = re.compile(r"\{%-|-%\}|\{% *(elif|set|macro|import|from)\b")
OPENING = re.compile(r"\{% (if|for) ")


def by_name(paths: list[Path]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("path", paths, ids=lambda path: str(path.relative_to(ROOT)))


@by_name(TEMPLATES)
def test_tags_stand_alone_on_their_line(path: Path) -> None:
    for line in path.read_text(encoding="utf-8").splitlines():
        assert not TAG.search(line) or TAG.fullmatch(line.strip()), line


@by_name(TEMPLATES)
def test_tags_decide_nothing(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not FORBIDDEN.search(text)
    for tag in TAG.findall(text):
        if tag.startswith("{% if"):
            assert BARE_CONDITION.fullmatch(tag), f"{tag}: give it a name in extensions/plan.py"


@by_name(PAGES)
def test_pages_of_a_project_compute_nothing(path: Path) -> None:
    assert not FORBIDDEN.search(path.read_text(encoding="utf-8"))


@by_name(TEMPLATES)
def test_conditions_are_not_nested(path: Path) -> None:
    depth = 0
    for tag in TAG.findall(path.read_text(encoding="utf-8")):
        depth += tag.startswith("{% if ") - tag.startswith("{% endif")
        assert depth <= 1, tag


@by_name(FILES)
def test_paths_have_no_conditions(path: Path) -> None:
    names = re.findall(r"\{.*?\}+", str(path.relative_to(ROOT)))
    assert set(names) <= {"{{ package_name }}", "{{ _copier_conf.answers_file }}"}


@by_name(SOURCES)
def test_python_is_python(path: Path) -> None:
    assert not re.search(r"\{\{|\{%|\{#", path.read_text(encoding="utf-8"))


@by_name([path for path in TEMPLATES if path.name.endswith(".py.jinja")])
def test_python_templates_have_jinja_in_import_lines_alone(path: Path) -> None:
    for line in path.read_text(encoding="utf-8").splitlines():
        if "{{" in line or "{%" in line:
            assert re.match(
                r"from \{\{ package_name \}\}[\w.]* import |\{% include ", line.strip()
            ), line


def test_continuous_integration_is_plain() -> None:
    assert not list((ROOT / "template" / ".github").rglob("*.jinja"))


@pytest.mark.parametrize(
    ("question", "without"),
    [("framework", set()), ("license", {"existing"})],  # The owner's license is not written.
)
def test_every_choice_has_its_variant(question: str, without: set[str]) -> None:
    names = {path.name.removesuffix(".txt") for path in _variants(question)}
    assert names == set(domain(question)) - without


def test_variants_of_a_framework_have_the_same_files() -> None:
    found = {frozenset(p.name for p in f.iterdir()) for f in _variants("framework")}
    assert len({names - {"workers.md"} for names in found}) == 1  # Of a page that not all have.


@by_name([path for path in FILES if path.suffix != ".txt"])  # License texts have no length limit.
def test_files_stay_small(path: Path) -> None:
    ceilings = {".py": 400, ".toml": 200}
    n_lines = len(path.read_text(encoding="utf-8").splitlines())
    assert n_lines <= ceilings.get(Path(path.name.removesuffix(".jinja")).suffix, 250)


def _variants(question: str) -> list[Path]:
    return [path for path in (ROOT / "variants" / question).iterdir() if path.name[0] != "_"]
