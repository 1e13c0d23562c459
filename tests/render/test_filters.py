"""Unit tests of the small extensions."""

import json
import tomllib
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment, TemplateSyntaxError
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


TEXTS = [
    "",
    "a.py",
    "{x}",
    "%",
    "two\nlines\n",
    "\r\n",
    "{# note #}",
    "{% if 1 %}a{% endif %}",
    "[[ x ]]",
]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize(
    "options",
    [
        {"keep_trailing_newline": True},
        {"keep_trailing_newline": False},
        {"keep_trailing_newline": True, "line_statement_prefix": "%"},
        {"keep_trailing_newline": True, "variable_start_string": "[[", "variable_end_string": "]]"},
    ],
    ids=["ours", "default", "line-statements", "other-marks"],
)
def test_a_text_without_a_tag_is_what_jinja_makes_of_it(text: str, options: dict[str, Any]) -> None:
    plain, ours = (
        Environment(extensions=used, **options) for used in ([], [compile_once.CompileOnce])
    )

    def render(environment: Environment) -> str:
        try:
            return environment.from_string(text).render(x="X")
        except TemplateSyntaxError as error:
            return str(error)

    assert render(ours) == render(plain)


def test_what_is_no_text_is_refused_as_jinja_refuses_it() -> None:
    environment = Environment(extensions=[compile_once.CompileOnce], keep_trailing_newline=True)
    for value in (["a"], 5, True, None, {"a": 1}):
        with pytest.raises(TypeError):
            environment.from_string(value)
