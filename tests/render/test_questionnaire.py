"""The questions, as a person meets them: in a terminal, with wrong answers and second thoughts."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import copy, git, questions
from owner import commit
from updates import state

if sys.platform == "win32":
    pytest.skip("a pseudo-terminal needs a POSIX system", allow_module_level=True)

from terminal import (
    COPY,
    CTRL_C,
    CTRL_D,
    DOWN,
    ENTER,
    ERASE,
    NEW,
    SPACE,
    UP,
    Terminal,
    paste,
)

Start = Callable[..., Terminal]
ASKED = {
    name: question["help"] for name, question in questions().items() if question.get("ask", True)
}
OF_A_DEFAULT_PROJECT = [
    name
    for name in ASKED
    if name not in {"cuda_version", "pytorch_index_url", "features"}
    and not name.startswith("package_index_")
]

AT = [
    pytest.param(name, marks=() if name in {"project_name", "framework"} else pytest.mark.slow)
    for name in OF_A_DEFAULT_PROJECT
]
"""Questions at which the user cancels."""


@pytest.fixture
def dest(tmp_path: Path) -> Path:
    return tmp_path / "far" / "project"


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    """Folder for temporary files, which must be empty in the end."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    return folder


@pytest.fixture
def start(unpacked: Path, dest: Path, temporary: Path) -> Start:
    """Ask for a project, in the folder ``dest``."""

    def _start(*options: str, command: tuple[str, ...] = NEW, **settings: Any) -> Terminal:
        words = (*command, unpacked, dest, *options)
        return Terminal(*words, TMPDIR=str(temporary), **settings)

    return _start


def files(folder: Path) -> dict[str, bytes]:
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def recorded(project: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((project / ".copier-answers.yml").read_text("utf-8"))
    return loaded


def check_nothing_is_left(dest: Path, temporary: Path) -> None:
    assert not dest.parent.exists()
    assert not list(temporary.iterdir())


@pytest.mark.parametrize("command", [NEW, COPY], ids=["copier-ml new", "copier copy"])
@pytest.mark.parametrize(
    ("columns", "environment"),
    [
        (80, {}),
        pytest.param(40, {"NO_COLOR": "1"}, marks=pytest.mark.slow),
        pytest.param(80, {"TERM": "dumb"}, marks=pytest.mark.slow),
    ],
    ids=["usual", "narrow", "dumb"],
)
def test_enter_takes_the_defaults(
    start: Start,
    unpacked: Path,
    dest: Path,
    tmp_path: Path,
    command: tuple[str, ...],
    columns: int,
    environment: dict[str, str],
) -> None:
    with start("--skip-tasks", command=command, columns=columns, **environment) as terminal:
        for name in OF_A_DEFAULT_PROJECT:
            terminal.answer(ASKED[name])
        assert terminal.end() == 0
    assert "Traceback" not in terminal.text
    named = {"project_name": "Project"} if command == NEW else {}  # After its folder.
    assert files(dest) == files(copy(unpacked, tmp_path / "expected", named))


def test_a_question_fits_into_a_terminal() -> None:
    assert max(map(len, ASKED.values())) <= 76  # Copier puts a picture before it.


WRONG = {
    "project_name": [("", "write at least one letter"), ("a" * 81, "use at most 80 characters")],
    "package_name": [("My Model", "use a-z, 0-9 and single '_'"), ("class", "add a word")],
    "description": [("x ", "leave out the space"), (paste("a\nb"), "leave out U+000A")],
    "author_name": [(paste("a\tb\x1b"), "leave out U+0009")],
    "author_email": [("nobody", "use 'ada@example.org'")],
    "repository_url": [("http://example.org/a", "use https://host/owner/name")],
    "package_index_name": [("My Index", "use a-z and 0-9")],
    "package_index_url": [("", "use https://host/path"), ("https://a:b@c/", "leave out user and")],
    "pytorch_index_url": [("ftp://mirror", "use https://host/path")],
}
"""Wrong answers to each question of text, and what is seen of their reasons in 80 columns."""

RIGHT = {
    "project_name": "{{ 7 * 7 }} \"ö\" '漢'",
    "package_name": "odd_model",
    "description": "${HOME} \\n `id` # [a]: {b} 🚀 שלום " + "long " * 100 + ".",
    "author_name": 'Zoë "Z" O\'Neill',
    "author_email": "a{b}@example.org",
    "repository_url": "https://gitlab.com/a/b",
    "package_index_name": "acme",
    "package_index_url": "https://packages.example.org/simple",
    "pytorch_index_url": "https://mirror.example.org/whl",
}


def test_a_wrong_answer_says_why_and_can_be_corrected(start: Start, dest: Path) -> None:
    keys = {"framework": 3 * DOWN + ENTER, "package_index": DOWN + ENTER, "profile": UP + ENTER}
    assert WRONG.keys() == RIGHT.keys()
    with start("--skip-tasks") as terminal:
        for name, question in ASKED.items():
            terminal.wait(question)
            for text, reason in WRONG.get(name, []):
                terminal.type(ERASE + text + ENTER)
                terminal.wait(f"'{name}': {reason}")
            text = RIGHT.get(name, "")
            terminal.type(ERASE + paste(text) + ENTER if text else keys.get(name, ENTER))
        assert terminal.end() == 0
    assert recorded(dest).items() >= RIGHT.items()
    assert recorded(dest)["forge"] == "gitlab"


def test_what_does_not_go_together_is_grey_and_cannot_be_chosen(start: Start, dest: Path) -> None:
    with start("--skip-tasks") as terminal:
        for name in OF_A_DEFAULT_PROJECT[: OF_A_DEFAULT_PROJECT.index("framework")]:
            terminal.answer(ASKED[name])
        terminal.answer(ASKED["framework"], UP + ENTER)
        terminal.wait("- 3.11 (JAX runs on Python 3.12 to 3.14.)")
        for _ in range(4):  # More often than there are choices; the grey one is passed over.
            terminal.type(UP)
            terminal.wait_until_gone("» 3.11")
        terminal.answer(ASKED["python_version"])
        terminal.wait("- 13.2 (JAX has no build of its own for CUDA 13.2: answer 12.6 or 13.0.)")
        terminal.type(DOWN * 3 + UP + ENTER)  # Back at the first, then the last that can be chosen.
        terminal.answer(ASKED["package_index"])
        terminal.answer(ASKED["profile"])
        assert terminal.end() == 0
    answers = recorded(dest)
    assert (answers["framework"], answers["cuda_version"]) == ("jax", "13.0")
    assert answers["python_version"] in {"3.12", "3.13", "3.14"}
    assert not [name for name in answers if name.startswith(("package_index_", "pytorch"))]


def test_parts_are_marked_with_the_space_bar(start: Start, dest: Path) -> None:
    with start("--skip-tasks") as terminal:
        for name in OF_A_DEFAULT_PROJECT[:-1]:
            terminal.answer(ASKED[name])
        terminal.answer(ASKED["profile"], UP + ENTER)
        terminal.wait("● Promotion")  # Those of the standard profile are marked.
        terminal.answer(ASKED["features"], SPACE + UP + SPACE + ENTER)
        assert terminal.end() == 0
    assert recorded(dest)["profile"] == "choose"
    assert recorded(dest)["features"] == ["report", "serving", "containers", "docs", "notebooks"]


@pytest.mark.parametrize(
    ("n_down", "profile"), [(0, "standard"), (1, "minimal"), (2, "everything")]
)
def test_a_profile_asks_for_no_parts(start: Start, dest: Path, n_down: int, profile: str) -> None:
    with start("--skip-tasks") as terminal:
        for name in OF_A_DEFAULT_PROJECT[:-1]:
            terminal.answer(ASKED[name])
        terminal.answer(ASKED["profile"], DOWN * n_down + ENTER)
        assert terminal.end() == 0
    assert recorded(dest)["profile"] == profile
    assert "features" not in recorded(dest)


@pytest.mark.parametrize("command", [NEW, COPY], ids=["copier-ml new", "copier copy"])
@pytest.mark.parametrize("name", AT)
def test_ctrl_c_at_a_question_leaves_nothing_behind(
    start: Start, dest: Path, temporary: Path, name: str, command: tuple[str, ...]
) -> None:
    with start("--skip-tasks", command=command) as terminal:
        for earlier in OF_A_DEFAULT_PROJECT[: OF_A_DEFAULT_PROJECT.index(name)]:
            terminal.answer(ASKED[earlier])
        terminal.answer(ASKED[name], CTRL_C)
        code = terminal.end()
    assert "Traceback" not in terminal.text
    if command == NEW:
        assert code == 130
        assert terminal.text.endswith("\ncopier-ml: stopped")
    assert code
    check_nothing_is_left(dest, temporary)


@pytest.fixture
def slow_uv(tmp_path: Path) -> dict[str, str]:
    """Let a program that never ends stand for uv, which the first day's task runs."""
    program = tmp_path / "programs" / "uv"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho It locks now > /dev/tty\nexec tail -f /dev/null\n")
    program.chmod(0o755)
    return {"PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}", "UV": str(program)}


@pytest.mark.parametrize("moment", ["create", "It locks now"])
def test_ctrl_c_after_the_questions_leaves_nothing_behind(
    start: Start, dest: Path, temporary: Path, slow_uv: dict[str, str], moment: str
) -> None:
    with start("--defaults", **slow_uv) as terminal:
        terminal.wait(moment)
        terminal.type(CTRL_C)
        assert terminal.end() == 130
    assert "Traceback" not in terminal.text
    assert terminal.text.endswith("copier-ml: stopped")
    check_nothing_is_left(dest, temporary)


def test_ctrl_d_ends_it_in_one_line(start: Start, dest: Path, temporary: Path) -> None:
    with start("--skip-tasks") as terminal:
        terminal.answer(ASKED["project_name"], ERASE + CTRL_D)
        code = terminal.end()
    assert code == 1
    assert "Traceback" not in terminal.text
    assert terminal.shows("copier-ml: Interactive session required: Use `--defaults`")
    check_nothing_is_left(dest, temporary)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository that knows no template yet."""
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / "README.md").write_text("# Mine\n")
    git("init", "--quiet", folder=folder)
    commit(folder, "start")
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("name", ["project_name", "profile"])
def test_ctrl_c_in_an_adoption_changes_nothing(
    snapshot: Path, repository: Path, temporary: Path, tmp_path: Path, name: str
) -> None:
    before = state(repository)
    words = (sys.executable, "-m", "copier_ml", "adopt", repository, "--trust")
    cache = str(tmp_path / "cache")
    with Terminal(
        *words, "--template", snapshot, TMPDIR=str(temporary), XDG_CACHE_HOME=cache
    ) as terminal:
        for earlier in OF_A_DEFAULT_PROJECT[: OF_A_DEFAULT_PROJECT.index(name)]:
            terminal.answer(ASKED[earlier])
        terminal.answer(ASKED[name], CTRL_C)
        code = terminal.end()
    last = "copier-ml: stopped; nothing was changed"
    assert (code, terminal.text.splitlines()[-1]) == (130, last)
    assert "Traceback" not in terminal.text
    assert state(repository) == before
    assert not list(temporary.iterdir())


@pytest.mark.slow
def test_an_update_asks_nothing(history: Path, tmp_path: Path, temporary: Path) -> None:
    project = copy(history, tmp_path / "project", {}, release="v0.1.0")
    commit(project, "start")
    words = (sys.executable, "-m", "copier_ml", "update", project, "--trust", "--apply")
    cache = str(tmp_path / "cache")
    with Terminal(*words, TMPDIR=str(temporary), XDG_CACHE_HOME=cache) as terminal:
        assert terminal.end() == 0
    assert not list(temporary.iterdir())
    assert not any(terminal.shows(question) for question in ASKED.values())
    assert recorded(project).keys() >= {*OF_A_DEFAULT_PROJECT}
