"""A project with odd texts is updated: they arrive as they were, and nothing conflicts."""

import shutil
from pathlib import Path

import pytest
from conftest import Answers, copy, git
from hostile import TEXTS, refusals
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from owner import commit
from test_update_from_releases import ENDS, RELEASES, check_kept, recorded
from updates import update

ODD: list[Answers] = [
    {
        "project_name": "{{ 7 * 7 }} {% raw %} ${HOME} \"'\\",
        "description": "# a: [b] & *c !!d | e > f % g @ h `id` $(id) <script> ::: os",
        "author_name": 'O\'Neill "Z" \\ {# x #} שלום \u202e🚀',
        "author_email": "a{b}$c`#%|!&*?=^~/@é.example",
        "repository_url": "https://github.com/a%20b/~c+d",
        "license": "MIT",
    },
    {
        "project_name": "yes",
        "package_name": "null_1e3",
        "description": "2001-01-01",
        "author_name": "0o7",
        "framework": "pytorch",
        "package_index": "mirror",
        "package_index_name": "null",
        "package_index_url": "https://packages.example.org:8443/%7Ea//b/+simple/",
        "pytorch_index_url": "http://localhost:1/whl/../x",
        "license": "BSD-3-Clause",
    },
    {
        "project_name": "---",
        "description": "é 🚀" * 2_500 + ".",
        "author_name": '"' * 10_000,
        "author_email": "",
        "license": "Proprietary",
    },
]


pytestmark = pytest.mark.usefixtures("nobody_answers")


def arrive(history: Path, folder: Path, release: str, answers: Answers) -> None:
    """Check that an updated project is what a new one with the same answers is."""
    project = copy(history, folder / "project", answers, release=release)
    commit(project, "start")
    before = recorded(project)
    update(project, "--apply")
    check_kept(before, project)
    after = recorded(project)
    assert after.items() >= {name: text for name, text in answers.items() if name in before}.items()
    fresh = copy(history, folder / "fresh", after)
    commit(fresh, "start")
    trees = [git("ls-tree", "-r", "HEAD", folder=it).splitlines() for it in (project, fresh)]
    ours, theirs = ({line for line in tree if "uv.lock" not in line} for tree in trees)
    assert ours == theirs


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.mark.updates
@pytest.mark.parametrize("release", ENDS)
@pytest.mark.parametrize("answers", ODD, ids=["marks", "types", "long"])
def test_odd_texts_arrive(history: Path, tmp_path: Path, release: str, answers: Answers) -> None:
    arrive(history, tmp_path, release, answers)


@pytest.mark.nightly
def test_texts_that_nobody_thought_of_arrive(
    history: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    @settings(
        deadline=None,
        max_examples=20,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.fixed_dictionaries(TEXTS), st.sampled_from(list(RELEASES)))
    def attempt(texts: dict[str, str], release: str) -> None:
        folder = tmp_path_factory.mktemp("texts")
        answers = {"framework": "pytorch", "package_index": "mirror"} | texts
        refused = refusals(answers)
        assume("package_index_url" not in refused)
        answers = {name: text for name, text in answers.items() if name not in refused}
        try:
            copy(history, folder / "tried", answers, release=release)
        except ValueError:  # Older releases refused more.
            assume(False)
        else:
            arrive(history, folder, release, answers)
        finally:
            shutil.rmtree(folder)

    attempt()


@pytest.mark.updates
def test_an_answer_that_is_no_longer_taken_gives_way(history: Path, tmp_path: Path) -> None:
    old = {"framework": "pytorch", "pytorch_index_url": "https://1.2.3.4.5/whl"}
    project = copy(history, tmp_path / "project", old, release="v0.6.0")
    commit(project, "start")
    update(project, "--apply")
    assert recorded(project)["pytorch_index_url"] == "https://download.pytorch.org/whl"
