"""A project of each release is updated to the template as it is on disk."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from builds import complete, tell
from conftest import ROOT, Answers, copy, git, label, questions
from owner import commit, update
from updates import start_update

from copier_ml.shared.releases import find_releases

RELEASES = find_releases(ROOT)
"""Commit of each release, the oldest first."""

ENDS = (next(iter(RELEASES)), next(reversed(RELEASES)))
BETWEEN = ("v0.7.0", "v0.8.1")
"""Releases after which the most files moved."""


def marks(release: str) -> tuple[pytest.MarkDecorator, ...]:
    if release in ENDS:
        return ()
    night = () if release in BETWEEN else (pytest.mark.nightly,)
    return (pytest.mark.updates, *night)


EACH = [pytest.param(release, marks=marks(release)) for release in RELEASES]
"""The oldest and the newest release always, a few in between at each merge, all at night."""


FAR_FROM_DEFAULT = {
    "project_name": 'A "Churn" Model',
    "package_name": "churn",
    "description": "Says: who leaves? 100 % sure, é",
    "author_name": "Ada Lovelace",
    "author_email": "ada@example.org",
    "license": "BSD-3-Clause",
    "copyright_year": 1815,
    "repository_url": "https://github.com/ada/churn",
    "ci": "none",  # As the forge was called until 0.5.
    "forge": "none",
    "framework": "pytorch",
    "python_version": "3.12",
    "cuda_version": "13.0",
    "package_index": "mirror",
    "package_index_name": "acme",
    "package_index_url": "https://packages.example.org/simple",
    "package_index_auth": "token",
    "pytorch_index_url": "https://packages.example.org/whl",
    "features": ["notebooks"],
}


pytestmark = pytest.mark.usefixtures("nobody_answers")


def make(history: Path, project: Path, release: str, **answers: Any) -> Path:
    copy(history, project, answers, release=release)
    commit(project, "start")
    return project


def recorded(project: Path) -> dict[str, Any]:
    """Read the answers, without where they are from."""
    found: dict[str, Any] = yaml.safe_load((project / ".copier-answers.yml").read_text("utf-8"))
    return {name: value for name, value in found.items() if not name.startswith("_")}


def version(project: Path) -> str:
    text = (project / ".copier-answers.yml").read_text("utf-8")
    return str(yaml.safe_load(text)["_commit"])


def check_kept(before: Answers, project: Path) -> None:
    """Check that every answer is there, but to questions that are no longer asked."""
    kept = {name: value for name, value in before.items() if name in questions()}
    if "profile" not in before:  # It came with 0.8.
        first = kept.pop("features")
        is_all = {*first} >= {"docs", "devcontainer", "notebooks"}
        kept["profile"] = "everything" if is_all else "choose"
        chosen = recorded(project).get("features", first)
        assert chosen[-len(first) :] == first if first else len(chosen) == 9
    if "ci" in before:
        kept["forge"] = before["ci"]
    after = recorded(project)
    assert {name: after.get(name) for name in kept} == kept


def update_in_a_sandbox(project: Path, tmp_path: Path, *options: str) -> int:
    """Update with `copier-ml`, in a process of its own, and give its exit code."""
    process = start_update(project, "--apply", *options, XDG_CACHE_HOME=str(tmp_path / "cache"))
    out, err = process.communicate()
    assert process.returncode in (0, 1), out + err
    return process.returncode


@pytest.mark.parametrize("release", EACH)
@pytest.mark.parametrize("answers", [{}, FAR_FROM_DEFAULT], ids=["defaults", "far-from-them"])
def test_an_update_has_no_conflict_and_keeps_every_answer(
    history: Path, tmp_path: Path, release: str, answers: Answers
) -> None:
    project = make(history, tmp_path / "project", release, **answers)
    before = recorded(project)
    assert before.items() >= {k: v for k, v in answers.items() if k in before}.items()
    (project / "uv.lock").write_text("mine\n")
    commit(project, "lock")

    update(project)
    assert version(project) == "v999.0.0"
    check_kept(before, project)
    assert (project / "uv.lock").read_text() == "mine\n"


def offered_by(release: str, answers: Answers) -> bool:
    """Tell whether a release knew these answers; what it did not ask, it passes over."""
    asked = yaml.safe_load(git("show", f"{RELEASES[release]}:copier.yml", folder=ROOT))
    rows = [(asked.get(name, {}).get("choices"), value) for name, value in answers.items()]
    known = [(choices, value) for choices, value in rows if isinstance(choices, (dict, list))]
    return all(
        set(value if isinstance(value, list) else [value])
        <= set(choices.values() if isinstance(choices, dict) else choices)
        for choices, value in known
    )


OFFERED = [
    pytest.param(release, answers, id=f"{release}-{label(answers)}")
    for release in ENDS
    for answers in complete()
    if offered_by(release, answers)
]


@pytest.mark.updates
@pytest.mark.parametrize(("release", "answers"), OFFERED)
def test_an_update_keeps_every_answer(
    history: Path, tmp_path: Path, release: str, answers: Answers, record_property: Any
) -> None:
    tell(record_property, "updated", answers)
    project = make(history, tmp_path / "project", release, **answers)
    before = recorded(project)
    assert update_in_a_sandbox(project, tmp_path) == 0
    assert version(project) == "v999.0.0"
    check_kept(before, project)
    before = recorded(project)
    update(project)  # Copier's own, once more, changes nothing.
    assert recorded(project) == before
    assert not git("status", "--porcelain", folder=project)


@pytest.mark.updates
@pytest.mark.nightly
@pytest.mark.parametrize(
    "answers",
    [{}, FAR_FROM_DEFAULT],
    ids=["defaults", "far-from-them"],
)
def test_a_project_may_take_one_release_after_the_other(
    history: Path, tmp_path: Path, answers: Answers
) -> None:
    first, *others = RELEASES
    project = make(history, tmp_path / "project", first, **answers)
    before = recorded(project)
    for release in others:
        update(project, release)
        assert version(project) == release
        after = recorded(project)
        if "profile" in after:
            check_kept(before, project)
        else:
            assert after.items() >= {k: v for k, v in before.items() if k in questions()}.items()
        before = after
        commit(project, release)
    update(project, "v999.0.0")
    check_kept(before, project)


@pytest.mark.parametrize("release", EACH)
def test_an_update_can_ask_for_cuda(history: Path, tmp_path: Path, release: str) -> None:
    project = make(history, tmp_path / "project", release, framework="pytorch")
    update(project, cuda_version="12.6")
    assert recorded(project)["cuda_version"] == "12.6"
    assert 'name = "pytorch-cu126"' in (project / "pyproject.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize("release", EACH)
def test_an_update_in_a_sandbox_gives_what_a_new_project_has(
    history: Path, tmp_path: Path, release: str
) -> None:
    project = make(history, tmp_path / "project", release)
    profile = recorded(project).get("profile", "everything")  # What there was before 0.8.
    assert update_in_a_sandbox(project, tmp_path) == 0
    fresh = make(history, tmp_path / "fresh", "v999.0.0", profile=profile)
    assert files(project) == files(fresh)


def files(project: Path) -> set[str]:
    """List what is committed, without the lock."""
    tree = git("ls-tree", "-r", "HEAD", folder=project).splitlines()
    return {line for line in tree if "uv.lock" not in line}


@pytest.mark.updates
@pytest.mark.parametrize("release", ENDS)
@pytest.mark.parametrize("by_hand", [False, True])
def test_a_package_gets_another_name_without_a_conflict(
    history: Path, tmp_path: Path, release: str, by_hand: bool
) -> None:
    project = make(history, tmp_path / "project", release)
    profile = recorded(project).get("profile", "everything")
    if by_hand:
        rename(project, "my_ml_project", "shop")
    assert update_in_a_sandbox(project, tmp_path, "--data", "package_name=shop") == 0
    named = {"profile": profile, "package_name": "shop"}
    assert files(project) == files(make(history, tmp_path / "fresh", "v999.0.0", **named))


@pytest.mark.updates
@pytest.mark.parametrize("release", ENDS)
def test_an_update_follows_a_package_that_was_renamed_by_hand(
    history: Path, tmp_path: Path, release: str
) -> None:
    project = make(history, tmp_path / "project", release)
    git("mv", "src/my_ml_project", "src/shop", folder=project)
    commit(project, "rename")
    assert update_in_a_sandbox(project, tmp_path) == 0
    assert {path.name for path in (project / "src").iterdir()} == {"shop"}


def rename(project: Path, old: str, new: str) -> None:
    """Give a package another name everywhere but in the answers, as an owner does."""
    git("mv", f"src/{old}", f"src/{new}", folder=project)
    for path in git("ls-files", folder=project).splitlines():
        if path == ".copier-answers.yml":
            continue
        text = (project / path).read_text(encoding="utf-8")
        for spelled in (old, old.replace("_", "-"), old.upper()):
            text = text.replace(spelled, new.upper() if spelled.isupper() else new)
        (project / path).write_text(text, encoding="utf-8")
    commit(project, "rename")


def test_an_update_in_a_sandbox_keeps_what_an_owner_added(history: Path, tmp_path: Path) -> None:
    project = make(history, tmp_path / "project", list(RELEASES)[-1])
    edited = [project / "README.md", *project.glob("src/*/*.py"), *project.glob("tests/*.py")]
    for n, path in enumerate(edited):
        path.write_text(f"{path.read_text(encoding='utf-8')}\n# mine-{n};\n", encoding="utf-8")
    commit(project, "edit")
    before = git("rev-parse", "HEAD", folder=project)
    code = update_in_a_sandbox(project, tmp_path)
    if code:
        assert git("rev-parse", "HEAD", folder=project) == before
        where = git("worktree", "list", "--porcelain", folder=project).split("worktree ")[-1]
        project = Path(where.splitlines()[0])
    found = git("grep", "--no-index", "-h", "mine-", "--", ".", ":!.git", folder=project)
    assert all(f"mine-{n};" in found for n in range(len(edited)))
