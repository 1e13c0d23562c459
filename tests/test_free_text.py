"""People write quotes and braces: each text arrives exactly as it was written, or not at all."""

import json
import re
import tomllib
from pathlib import Path

import pytest
import yaml
from conftest import Answers, copy
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from loaded import answers as rules

TROUBLE = st.sampled_from(
    [
        *"\"'\\{}[]()<>$#%&*!|:;,@`~^=+-_/?. \t\n\r\0\x1b\x7f\x85\u2028\u200f\ufeffé漢🚀",
        "{{",
        "}}",
        "{%",
        "${",
        "```",
        "\\n",
        "---",
        "'''",
        '"""',
    ]
)
TEXT = st.lists(TROUBLE | st.characters(), min_size=0, max_size=30).map("".join)
PRIVATE = {
    "framework": "pytorch",
    "package_index": "private",
    "package_index_url": "https://packages.example.org/simple",
}


def carried(project: Path, given_answers: Answers) -> None:
    """Check that every file that carries a text carries exactly that text."""
    read = {path: (project / path).read_text(encoding="utf-8") for path in FILES}
    pyproject = tomllib.loads(read["pyproject.toml"])["project"]
    assert pyproject["description"] == given_answers["description"]
    author = {"name": given_answers["author_name"], "email": given_answers["author_email"]}
    assert pyproject.get("authors", [{}])[0] == {k: v for k, v in author.items() if v}
    assert yaml.safe_load(read["mkdocs.yml"])["site_name"] == given_answers["project_name"]
    recorded = yaml.safe_load(read[".copier-answers.yml"])
    assert {name: recorded[name] for name in given_answers} == given_answers
    assert read["README.md"].startswith(f"# {given_answers['project_name']}\n")
    assert given_answers["description"] in read["README.md"].splitlines()
    assert (given_answers["author_name"] or given_answers["project_name"]) in read["LICENSE"]
    json.loads(read[".devcontainer/devcontainer.json"])


FILES = (
    ".copier-answers.yml",
    ".devcontainer/devcontainer.json",
    "LICENSE",
    "README.md",
    "mkdocs.yml",
    "pyproject.toml",
)


@settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
@given(title=TEXT, description=TEXT, author=TEXT, email=st.emails() | st.just(""))
@example(title='"', description="\\", author="'", email="")
@example(title="{{ x }} {% y %} {# z #}", description="${HOME} `id` $(id)", author="<b>", email="")
@example(title="# a: b", description="---", author='"""', email="a@b")
@example(title="🚀 שלום\u200f", description="", author="", email="")
def test_every_accepted_text_arrives_as_it_was_written(
    snapshot: Path,
    tmp_path_factory: pytest.TempPathFactory,
    title: str,
    description: str,
    author: str,
    email: str,
) -> None:
    assume(not rules.refuse_title(title) and not rules.refuse_email(email))
    assume(not rules.refuse_line(description) and not rules.refuse_line(author))
    answers = {
        "project_name": title,
        "description": description,
        "author_name": author,
        "author_email": email,
    }
    carried(copy(snapshot, tmp_path_factory.mktemp("text"), answers), answers)


@pytest.mark.parametrize(
    ("question", "text", "reason"),
    [
        ("project_name", "", "needs a name"),
        ("project_name", "a" * 81, "81 characters"),
        ("package_name", "a/b", "no package name"),
        ("package_name", "../up", "no package name"),
        ("description", "two\nlines", "U+000A"),
        ("author_name", "a\0b", "U+0000"),
        ("author_email", "nobody", "no e-mail address"),
        ("repository_url", "http://example.org/a", "no address of a repository"),
        ("pytorch_index_url", "ftp://mirror", "no address of a package index"),
        ("package_index_url", "", "no address of a package index"),
        ("package_index_url", "http://packages.example.org/simple", "http only for localhost"),
        ("package_index_url", "https://ada:secret@packages.example.org", "credentials"),
        ("package_index_name", "My Index", "no name for an index"),
        ("package_index_auth", "password", "password"),
        ("cuda_version", "11.8", "11.8"),
        ("forge", "jenkins", "jenkins"),
        ("python_version", "2.7", "2.7"),
        ("features", ["docs", "jazz"], "jazz"),
    ],
)
def test_a_refused_answer_says_why_and_writes_nothing(
    snapshot: Path, tmp_path: Path, question: str, text: str, reason: str
) -> None:
    with pytest.raises(ValueError, match=question) as error:
        copy(snapshot, tmp_path / "new", PRIVATE | {question: text})
    assert reason in str(error.value)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ({"framework": "sklearn", "cuda_version": "13.0"}, "scikit-learn has no build of its own"),
        ({"framework": "jax", "cuda_version": "13.2"}, "answer 12.6 or 13.0"),
        ({"framework": "jax", "python_version": "3.11"}, "Python 3.12 to 3.14"),
    ],
)
def test_answers_that_do_not_go_together_are_refused_with_the_reason(
    snapshot: Path, tmp_path: Path, answers: Answers, reason: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(reason)):
        copy(snapshot, tmp_path / "new", answers)
    assert not (tmp_path / "new").exists()
