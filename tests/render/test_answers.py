"""Unit tests of extensions/answers.py: what is refused, why, and which defaults are offered."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from loaded import answers


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Churn Model", "churn_model"),
        ("Élan — Détection 2.0!", "elan_detection_2_0"),
        ("3D scans", "d_scans"),
        ("客户流失", "ml_project"),
        ("NumPy", "numpy_project"),
        ("class", "class_project"),
        ("Tests", "tests_project"),
        ("__init__", "init"),
    ],
)
def test_a_title_becomes_a_package_name(title: str, slug: str) -> None:
    assert answers.package_slug(title) == slug


@given(st.text(min_size=1, max_size=80))
def test_every_title_becomes_a_package_name_that_is_accepted(title: str) -> None:
    assert answers.refuse_package_name(answers.package_slug(title)) == ""


@pytest.mark.parametrize("name", ["churn", "churn_model", "m2", "resnet_50"])
def test_a_good_package_name_is_accepted(name: str) -> None:
    assert answers.refuse_package_name(name) == ""


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "start with a letter"),
        ("Churn", "a-z, 0-9"),
        ("churn-model", "single '_'"),
        ("2churn", "start with a letter"),
        ("_churn", "start with a letter"),
        ("churn_", "single '_'"),
        ("churn__model", "single '_'"),
        ("müll", "a-z, 0-9"),
        ("a/b", "a-z, 0-9"),
        ("..", "start with a letter"),
        ("a" * 71, "at most 70"),
        ("class", "Python keyword"),
        ("match", "Python keyword"),
        ("json", "stdlib module"),
        ("mlflow", "dependency"),
        ("sklearn", "dependency"),
        ("torch", "dependency"),
        ("tests", "reserved"),
        ("aux", "reserved"),
    ],
)
def test_a_bad_package_name_is_refused_with_its_reason(name: str, reason: str) -> None:
    assert reason in answers.refuse_package_name(name)


@pytest.mark.parametrize(
    ("question", "refuse", "texts"),
    [
        ("project_name", answers.refuse_title, ["", "a" * 81, " a"]),
        ("package_name", answers.refuse_package_name, ["", "a-b", "a" * 71, "if", "json", "aux"]),
        ("author_name", answers.refuse_line, ["\U0010fffe", " a"]),
        ("author_email", answers.refuse_email, ["ada", "\x00@b"]),
        ("repository_url", answers.refuse_repository, ["a", "https://a/b.git", "https://a:b@c/d"]),
        ("package_index_name", answers.refuse_index_name, ["My Index", "a" * 41]),
        ("package_index_url", answers.refuse_index, ["", "http://a/b", "https://a:b@c/d"]),
        ("pytorch_index_url", answers.refuse_index, ["", "http://a/b", "https://a:b@c/d"]),
    ],
)
def test_a_refusal_fits_on_a_line_of_80_columns(
    question: str, refuse: Callable[[str], str], texts: list[str]
) -> None:
    for text in texts:
        assert refuse(text)
        assert len(f"Validation error for question '{question}': {refuse(text)}") <= 80


@pytest.mark.parametrize(
    "text",
    [
        'A "fast" model',
        "It's",
        "C:\\data",
        "${HOME} {{ x }} {% y %}",
        "a: b # c",
        "Zoë ✓ 🚀",
        "שלום\u200f",
        "",
    ],
)
def test_any_text_on_one_line_is_accepted(text: str) -> None:
    assert answers.refuse_line(text) == ""


@pytest.mark.parametrize(
    "character", ["\n", "\r", "\t", "\0", "\x1b", "\x7f", "\x85", "\u2028", "\ufffe", "\ud800"]
)
def test_a_character_that_breaks_a_line_is_named(character: str) -> None:
    assert f"U+{ord(character):04X}" in answers.refuse_line(f"a{character}b")


@pytest.mark.parametrize("text", [" a", "a ", "\u00a0a"])
def test_a_space_at_the_edge_is_refused(text: str) -> None:
    assert "space" in answers.refuse_line(text)


@pytest.mark.parametrize(
    ("text", "reason"), [("", "letter"), ("  ", "letter"), ("a" * 81, "80"), ("a\nb", "U+000A")]
)
def test_a_bad_title_is_refused_with_its_reason(text: str, reason: str) -> None:
    assert reason in answers.refuse_title(text)
    assert answers.refuse_title("a" * 80) == ""


@pytest.mark.parametrize("text", ["\u200b", "\u200f \u2060", "\u3000"])
def test_a_title_that_shows_nothing_is_refused(text: str) -> None:
    assert "enter at least one letter" in answers.refuse_title(text)


@pytest.mark.parametrize("text", ["", "ada@example.org", "a.b+c@example"])
def test_an_email_address_or_none_is_accepted(text: str) -> None:
    assert answers.refuse_email(text) == ""


@pytest.mark.parametrize("text", ["ada", "a@b@c", "@b", "a@", "a b@c", "a@b\n", '"a"@b', "a<b>@c"])
def test_what_is_no_email_address_is_refused(text: str) -> None:
    assert "ada@example.org" in answers.refuse_email(text)


@pytest.mark.parametrize(
    "url", ["", "https://github.com/a/b", "https://git.example.org:8443/group/sub/c"]
)
def test_an_https_repository_or_none_is_accepted(url: str) -> None:
    assert answers.refuse_repository(url) == ""


@pytest.mark.parametrize(
    "url",
    [
        "http://github.com/a/b",
        "git@github.com:a/b",
        "https://github.com",
        "https://github.com/",
        "https://git hub.com/a",
        'https://github.com/"a"',
        "https://github.com/a?b=c",
        "https://[::1",
        "https://a:port/b",
    ],
)
def test_what_is_no_https_repository_is_refused(url: str) -> None:
    assert answers.refuse_repository(url) == "use https://host/owner/name"


@pytest.mark.parametrize("ending", ["/", ".git"])
def test_the_end_of_a_repository_that_is_not_its_address_is_named(ending: str) -> None:
    refusal = answers.refuse_repository(f"https://github.com/a/b{ending}")
    assert refusal == f"remove '{ending}' at the end"


@pytest.mark.parametrize(
    "url",
    [
        "https://download.pytorch.org/whl",
        "http://localhost:8080/whl",
        "http://127.0.0.1:8701/whl",
        "https://packages",
        "https://a_b.Example.org./x",
    ],
)
def test_the_address_of_an_index_is_accepted(url: str) -> None:
    assert answers.refuse_index(url) == ""


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://mirror.example.org/whl",
        "file:///wheels",
        "ftp://a/b",
        "https://",
        'https://a/"b',
        "https://a..b/",
        "https://-a.example/",
        "https://%41/",
        "https://256.1.1.1/",
        "https://1.2.3.4.5/",
        "https://a.0x7f/",
        "https://xn--0.example/",
    ],
)
def test_what_is_no_index_is_refused(url: str) -> None:
    assert "use https://host/path" in answers.refuse_index(url)


@pytest.mark.parametrize("refuse", [answers.refuse_index, answers.refuse_repository])
@pytest.mark.parametrize("place", ["", "example.org/"])
def test_credentials_in_an_address_are_refused(refuse: Callable[[str], str], place: str) -> None:
    refusal = refuse(f"https://{place}ada:hunter2@example.org/a/b")
    assert refusal == "remove user and password"


def test_the_name_of_an_index_fits_into_an_environment_variable() -> None:
    assert not answers.refuse_index_name("internal")
    assert not answers.refuse_index_name("acme2")
    for name in ("", "Acme", "my-index", "2nd", "a b"):
        assert answers.refuse_index_name(name) == "use a-z, then a-z or 0-9"
    assert answers.refuse_index_name("a" * 41) == "use at most 40 characters"


def test_the_ci_follows_the_host() -> None:
    assert answers.forge("") == "github"
    assert answers.forge("https://github.com/a/b") == "github"
    assert answers.forge("https://gitlab.com/a/b") == "gitlab"
    assert answers.forge("https://gitlab.example.org/a/b") == "gitlab"
    assert answers.forge("https://git.example.org/a/b") == "none"


@pytest.mark.parametrize(
    ("running", "offered"), [((3, 12), "3.12"), ((3, 10), "3.13"), ((3, 99), "3.13")]
)
def test_the_running_python_is_offered_where_it_can_be(
    running: tuple[int, int], offered: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = type("Version", (), {"major": running[0], "minor": running[1]})
    monkeypatch.setattr(sys, "version_info", version)
    assert answers.running_python() == offered


def test_the_author_is_the_user_of_git(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    request.addfinalizer(answers.git_user.cache_clear)
    for name, email, expected in (
        ("Ada", "ada@example.org", ("Ada", "ada@example.org")),
        ("Ada\tL.", "root@(none)", ("", "")),
    ):
        answers.git_user.cache_clear()
        settings = tmp_path / "gitconfig"
        settings.write_text(f'[user]\nname = "{name}"\nemail = "{email}"\n')
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
        assert (answers.git_user("name"), answers.git_user("email")) == expected


@pytest.mark.parametrize(("variable", "value"), [("GIT_CONFIG_GLOBAL", os.devnull), ("PATH", "")])
def test_without_git_or_its_user_no_author_is_offered(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(variable, value)
    answers.git_user.cache_clear()
    assert answers.git_user("name") == ""
