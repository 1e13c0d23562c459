"""A folder that the owner renamed, or that an answer renames, is one fact."""

from pathlib import Path

import pytest
from conftest import copy, git
from owner import commit
from small_template import Template
from updates import at, edit, files_of, listed, number, start, update

PACKAGE = {f"src/churn/{name}.py": number(9, l1=name) for name in ("a", "b", "c", "deep/d")}
LATER = {
    path: text.replace("line 9", "theirs") for path, text in PACKAGE.items() if "c.py" not in path
} | {"src/churn/new.py": "new\n", "src/churn/deep/new.py": "new\n"}

RENAMED = "Renamed folders"


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def shop(path: str) -> str:
    return path.replace("src/churn/", "src/shop/")


def start_renamed(folder: Path) -> Path:
    project = start(folder, {"a": "a\n"} | PACKAGE, {"a": "a\n"} | LATER)
    git("mv", "src/churn", "src/shop", folder=project)
    edit(project, {"src/shop/a.py": number(9, l1="a", l4="mine"), "src/shop/mine.py": "mine\n"})
    return project


def test_an_update_follows_a_folder_that_was_renamed_by_hand(tmp_path: Path) -> None:
    project = start_renamed(tmp_path)
    told = update(project)
    assert listed(told.out, RENAMED) == ["src/churn/ -> src/shop/"]
    assert not listed(told.out, "Conflicts")
    own = {".copier-answers.yml", "a", "src/shop/mine.py"}
    assert files_of(project) == {*own, *map(shop, LATER)}
    assert at(project, "src/shop/a.py") == number(9, l1="a", l4="mine", l9="theirs").encode()


def test_conflicts_in_a_renamed_folder_have_its_name(tmp_path: Path) -> None:
    project = start_renamed(tmp_path)
    edit(project, {"src/shop/b.py": number(9, l1="b", l9="mine")})
    told = update(project, expect=1)
    reason = "you and the template changed the same lines"
    assert listed(told.out, "Conflicts") == [f"src/shop/b.py: {reason}"]
    # The worktree is in the midst of this merge.
    listing = git("worktree", "list", "--porcelain", folder=project).split("worktree ")[-1]
    waiting = Path(listing.splitlines()[0])
    assert "UU src/shop/b.py" in git("status", "--short", folder=waiting)
    assert "<<<<<<<" in (waiting / "src" / "shop" / "b.py").read_text()


def test_a_file_that_left_a_folder_is_no_renamed_folder(tmp_path: Path) -> None:
    project = start(tmp_path, {"a": "a\n"} | PACKAGE, {"a": "a\n"} | LATER)
    git("mv", "src/churn/a.py", "mine.py", folder=project)
    edit(project, {})
    told = update(project)
    assert not listed(told.out, RENAMED)
    assert files_of(project) >= {"mine.py", "src/churn/new.py"}


@pytest.fixture
def template(tmp_path: Path) -> Template:
    """Two releases of a package whose folder is an answer, and a migration in between."""
    made = Template(tmp_path / "template")
    folder = "src/{{ package_name }}"
    made.settings["_skip_if_exists"] = ["/src/*/data.py"]
    one = {f"{folder}/{name}": number(9, l1=name) for name in ("x.py", "y.py", "z.py", "data.py")}
    made.release("1.0.0", **one, **{"use.py.jinja": "import {{ package_name }}\n\n\nuse()\n"})
    changed = {f"{folder}/x.py": number(9, l1="x.py", l9="theirs"), f"{folder}/y.py": None}
    more = {f"{folder}/w.py": number(9, l1="y.py", l9="theirs"), f"{folder}/new.py": "new\n"}
    step = 'Rename("src/{package_name}/y.py", "src/{package_name}/w.py")'
    use = "import {{ package_name }}\nfrom {{ package_name }} import new\n\nuse()\n"
    made.release("2.0.0", step, **changed, **more, **{"use.py.jinja": use})
    return made


def make(template: Template, folder: Path) -> Path:
    copy(template.folder, folder, {}, release="v1.0.0")
    commit(folder, "start")
    return folder


def test_an_answer_renames_the_folder_with_all_that_is_in_it(
    template: Template, tmp_path: Path
) -> None:
    project = make(template, tmp_path / "project")
    mine = {"src/churn/mine.py": "mine\n", "src/churn/y.py": number(9, l1="y.py", l4="mine")}
    edit(project, mine | {"src/churn/data.py": "mine\n"})
    told = update(project, "--data", "package_name=shop")
    assert not listed(told.out, "Conflicts") + listed(told.out, RENAMED)
    names = ("data.py", "mine.py", "new.py", "w.py", "x.py", "z.py")
    assert files_of(project) == {
        ".copier-answers.yml", "use.py", *(f"src/shop/{name}" for name in names)
    }  # fmt: skip
    assert at(project, "src/shop/data.py") == b"mine\n"
    assert at(project, "src/shop/w.py") == number(9, l1="y.py", l4="mine", l9="theirs").encode()


def test_a_migration_finds_a_folder_that_was_renamed_by_hand(
    template: Template, tmp_path: Path
) -> None:
    project = make(template, tmp_path / "project")
    git("mv", "src/churn", "src/shop", folder=project)
    edit(project, {"src/shop/y.py": number(9, l1="y.py", l4="mine")})
    told = update(project)
    assert listed(told.out, RENAMED) == [
        "src/churn/ -> src/shop/",
        "--data package_name=shop renames it in the template's texts, too",
    ]
    assert at(project, "src/shop/w.py") == number(9, l1="y.py", l4="mine", l9="theirs").encode()
    assert at(project, "src/shop/y.py") is None
    assert not [path for path in files_of(project) if path.startswith("src/churn/")]


def test_the_answer_that_is_offered_makes_the_name_the_templates(
    template: Template, tmp_path: Path
) -> None:
    project = make(template, tmp_path / "project")
    git("mv", "src/churn", "src/shop", folder=project)
    edit(project, {"use.py": "import shop\n\n\nuse()\n"})
    told = update(project, "--data", "package_name=shop", "--apply")
    assert not listed(told.out, "Conflicts") + listed(told.out, RENAMED)
    assert listed(told.out, "Changed answers") == ['package_name: "churn" -> "shop"']
    assert at(project, "use.py", "HEAD") == b"import shop\nfrom shop import new\n\nuse()\n"
    assert not [path for path in files_of(project, "HEAD") if path.startswith("src/churn/")]
