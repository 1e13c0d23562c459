"""Unit tests of the small extensions."""

import json
import tomllib

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment
from loaded import answers, compile_once, filters


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])))
def test_a_quoted_text_reads_the_same_everywhere(text: str) -> None:
    if answers.refuse_line(text):
        return
    literal = filters.quoted(text)
    assert json.loads(literal) == text
    assert tomllib.loads(f"x = {literal}")["x"] == text
    assert yaml.safe_load(f"x: {literal}")["x"] == text
    assert eval(literal) == text


@pytest.mark.parametrize("values", [{"name": 'Zoë "Z"'}, {"name": "A", "email": "a@b"}])
def test_an_inline_table_reads_as_it_was(values: dict[str, str]) -> None:
    assert tomllib.loads(f"x = {filters.inline_table(values)}")["x"] == values


def test_a_text_is_compiled_once_and_rendered_with_each_context() -> None:
    environment = Environment(extensions=[compile_once.CompileOnce])
    template = environment.from_string("{{ x }}")
    assert environment.from_string("{{ x }}") is template
    assert [template.render(x=1), template.render(x=2)] == ["1", "2"]


def test_environments_share_nothing() -> None:
    first, second = (Environment(extensions=[compile_once.CompileOnce]) for _ in range(2))
    assert first.from_string("x") is not second.from_string("x")
