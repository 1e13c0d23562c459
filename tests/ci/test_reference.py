"""The reference says what the data says."""

import pytest
from conftest import ROOT, questions
from loaded import load_script

reference = load_script("write_reference")


@pytest.mark.parametrize("name", ["cuda.md", "questions.md"])
def test_a_page_is_what_its_data_gives(name: str) -> None:
    written = (ROOT / "docs" / "reference" / name).read_text(encoding="utf-8")
    assert written == reference.pages()[name], "run scripts/write_reference.py"


def test_every_question_and_every_toolkit_is_told() -> None:
    pages = reference.pages()
    assert all(f"| `{key}` |" in pages["questions.md"] for key in questions())
    assert all(f"| {name} |" in pages["cuda.md"] for name in ("12.6.3", "13.0.3", "13.2.2"))
