"""What an owner usually adds never meets what the template changes, even with plain Copier."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from conftest import Render, copy, domain, git, take_snapshot
from owner import Project, commit, find_python, update

ADDED = ["aardvark", "more-itertools", "zstandard"]
"""They would sort to the begin, the middle and the end of a list."""

FENCE = "Yours, from here on"


def raise_every_floor(template: Path) -> None:
    """Release a version in which every requirement is raised, and lists have a new one."""
    choices = template / "extensions" / "choices.toml"
    text = choices.read_text(encoding="utf-8")
    text = re.sub(r'("[\w.\[\]-]+>=\d+)([\d.]*")', r"\g<1>9\2", text)
    text = text.replace("dependencies = [\n", 'dependencies = [\n    "zzz-new>=1",\n', 1)
    text = text.replace("groups.dev = [\n", 'groups.dev = [\n    "aaa-new>=1",\n', 1)
    text = text.replace('    "ZPL-2.1",\n', '    "ZPL-2.1",\n    "ZPL-3.0",\n', 1)
    choices.write_text(text, encoding="utf-8")


def change_the_rest(template: Path) -> None:
    """Let that version also change the lines before and after what an owner may add."""

    def change(name: str, old: str, new: str, folder: str = "template") -> None:
        path = template / folder / name
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, (name, old)
        path.write_text(text.replace(old, new), encoding="utf-8")

    code = "variants/code/template"
    change("pyproject.toml.jinja", '    "D107",', '    "D205",\n    "D107",', code)
    change("pyproject.toml.jinja", '"ignore:unclosed database', '"ignore:unclosed data base', code)
    change("pyproject.toml.jinja", "ignore_missing_imports", "follow_untyped_imports", code)
    change(
        "pyproject.toml.jinja", "report.show_missing = true", "report.show_missing = false", code
    )
    change(".gitignore.jinja", ".ipynb_checkpoints/\n", ".ipynb_checkpoints/\n/.new_tool/\n")
    change(".env.example.jinja", "S3_SECRET_KEY=\n", "S3_SECRET_KEY=\n# NEW=\n")
    change(
        ".pre-commit-config.yaml.jinja", "stages: [commit-msg]\n", "stages: [commit-msg, manual]\n"
    )
    change("mkdocs.yml.jinja", "permalink: true\n", "permalink: true\n  - attr_list\n")
    change("README.md.jinja", "## Quick start\n", "## How to begin\n")
    change("justfile.jinja", "# Show runs and models", "# See runs and models")
    change("project.just.jinja", "settings --config", "settings --seed 1 --config")
    change(".github/workflows/project.yml", "timeout-minutes: 20", "timeout-minutes: 30")
    change(".github/workflows/ci.yml", "timeout-minutes: 40", "timeout-minutes: 50")


@pytest.fixture(scope="module")
def two_versions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A template that raises and changes a great deal from one version to the next."""
    template = take_snapshot(tmp_path_factory.mktemp("versions"))
    git("tag", "v1000.0.0", folder=template)
    raise_every_floor(template)
    change_the_rest(template)
    git("commit", "--quiet", "--all", "--message", "newer", folder=template)
    git("tag", "v1001.0.0", folder=template)
    return template


def append(path: Path, text: str) -> None:
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


def insert(path: Path, before: str, text: str) -> None:
    old = path.read_text(encoding="utf-8")
    assert old.count(before) == 1, before
    path.write_text(old.replace(before, text + before), encoding="utf-8")


def below_fence(path: Path, section: str, text: str) -> None:
    """Write below the fence of a section of pyproject.toml."""
    head, found, tail = path.read_text(encoding="utf-8").partition(section)
    assert found
    before, fence, after = tail.partition(FENCE)
    line, _, rest = after.partition("\n")
    path.write_text(f"{head}{found}{before}{fence}{line}\n{text}{rest}", encoding="utf-8")


JOB = """
  mine:
    runs-on: ubuntu-latest
    steps:
      - run: echo mine
"""


def play_owner(folder: Path) -> dict[str, list[str]]:
    """Edit what owners edit; return the lines that are theirs, by file."""
    project = Project(folder, UV_PYTHON=find_python("3.12"))
    for name in reversed(ADDED):
        project.uv("add", "--frozen", name)
        project.uv("add", "--frozen", "--dev", name)
        project.uv("add", "--frozen", "--group", "docs", name)
    pyproject = folder / "pyproject.toml"
    below_fence(pyproject, "\nignore = [", '    "E501",\n')
    below_fence(pyproject, "\nlicenses = [", '    "EUPL-1.2",\n')
    below_fence(pyproject, "\nfilterwarnings = [", '    "ignore:::mine",\n')
    override = '\n[[tool.mypy.overrides]]\nmodule = ["mine.*"]\nignore_errors = true\n'
    below_fence(pyproject, "\nignore_missing_imports", override)
    append(pyproject, "\n[tool.mine]\nkey = 1\n\n[tool.audit.denied.mine]\nreason = 'r'\n")
    append(folder / "project.just", "\n# Mine\nmine:\n    @echo mine\n")
    insert(folder / "README.md", "<!-- What is above", "My paragraph.\n\n")
    append(folder / ".gitignore", "/mine/\n")
    append(folder / ".env.example", "# MINE=\n")
    hook = "  - repo: local\n    hooks: [{id: mine, name: mine, entry: 'true', language: system}]\n"
    append(folder / ".pre-commit-config.yaml", hook)
    append(folder / "mkdocs.yml", "extra_css: [mine.css]\n")
    append(folder / ".github" / "workflows" / "project.yml", JOB)
    return {
        "pyproject.toml": [
            *('    "E501",', '    "ignore:::mine",', 'module = ["mine.*"]', "key = 1"),
            *('    "EUPL-1.2",', "[tool.audit.denied.mine]"),
        ],
        "project.just": ["    @echo mine"],
        "README.md": ["My paragraph."],
        ".gitignore": ["/mine/"],
        ".env.example": ["# MINE="],
        ".pre-commit-config.yaml": [hook.splitlines()[-1]],
        "mkdocs.yml": ["extra_css: [mine.css]"],
        ".github/workflows/project.yml": ["  mine:", "      - run: echo mine"],
    }


def requirements(pyproject: Path) -> list[list[str]]:
    """Read the lists that the owner adds to."""
    read = tomllib.loads(pyproject.read_text(encoding="utf-8"))
    groups = read["dependency-groups"]
    return [read["project"]["dependencies"], groups["dev"], groups["docs"]]


@pytest.mark.parametrize("framework", domain("framework"))
def test_what_an_owner_adds_survives_an_update_that_changes_everything(
    two_versions: Path, tmp_path: Path, framework: str
) -> None:
    folder = tmp_path / "project"
    answers = {"framework": framework, "forge": "github", "python_version": "3.12"}
    copy(two_versions, folder, answers, release="v1000.0.0")
    commit(folder, "start")
    lines = play_owner(folder)
    commit(folder, "mine")
    before = requirements(folder / "pyproject.toml")

    update(folder)
    for name, expected in lines.items():
        found = (folder / name).read_text(encoding="utf-8")
        assert not re.search(r"^(<<<<<<<|>>>>>>>)", found, re.M), name
        assert set(expected) <= set(found.splitlines()), name
        assert not [line for line in expected if found.splitlines().count(line) > 1], name
    after = requirements(folder / "pyproject.toml")
    assert all(found[-3:] == old[-3:] for found, old in zip(after, before, strict=True))
    assert any(name.startswith("zzz-new") for name in after[0])
    assert any(name.startswith("aaa-new") for name in after[1])
    mine = yaml.safe_load((folder / ".github" / "workflows" / "project.yml").read_text())
    assert "mine" in mine["jobs"]
    assert mine["jobs"]["project"]["timeout-minutes"] == 20
    assert "## How to begin" in (folder / "README.md").read_text(encoding="utf-8")
    raised = (folder / "pyproject.toml").read_text(encoding="utf-8")
    assert '"ZPL-3.0",' in raised
    assert "follow_untyped_imports" in raised
    assert "report.show_missing = false" in raised


@pytest.mark.parametrize("framework", domain("framework"))
def test_uv_appends_to_each_list_that_an_owner_adds_to(
    render: Render, tmp_path: Path, framework: str
) -> None:
    made = render({"framework": framework, "profile": "everything"}) / "pyproject.toml"
    pyproject = tmp_path / "pyproject.toml"
    pyproject.write_bytes(made.read_bytes())
    (tmp_path / ".python-version").write_bytes((made.parent / ".python-version").read_bytes())
    project = Project(tmp_path, UV_PYTHON=find_python("3.12"))
    kinds = [(), ("--dev",), ("--optional", "report"), ("--optional", "serving")]
    kinds += [("--group", "docs"), ("--group", "notebooks"), ("--group", "tracking")]
    for kind in kinds:
        project.uv("add", "--frozen", *kind, "aardvark")
        project.uv("add", "--frozen", *kind, "more-itertools")
    text = pyproject.read_text(encoding="utf-8")
    appended = '    # Yours, from here on:\n    "aardvark",\n    "more-itertools",\n]\n'
    assert text.count(appended) == len(kinds)
    project.uv("remove", "--frozen", "aardvark")
    for kind in kinds[1:]:
        project.uv("remove", "--frozen", *kind, "aardvark")
    for kind in kinds:
        project.uv("remove", "--frozen", *kind, "more-itertools")
    assert pyproject.read_text(encoding="utf-8") == made.read_text(encoding="utf-8")


def test_the_lines_that_divide_stand_where_the_page_says(render: Render) -> None:
    project = render({})
    page = (project / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for name in (".env.example", ".gitignore", ".pre-commit-config.yaml", "mkdocs.yml"):
        assert f"`{name}`" in page
        last = (project / name).read_text(encoding="utf-8").splitlines()[-1]
        assert last.strip() == f"# {FENCE}:", name
    justfile = (project / "justfile").read_text(encoding="utf-8")
    assert justfile.splitlines()[-1] == 'import? "project.just"'


@pytest.mark.slow
def test_just_knows_the_owners_recipe(render: Render) -> None:
    """It needs the package rust-just, which uv fetches."""
    just = ("tool", "run", "--from", "rust-just", "just")
    shown = Project(render({})).uv(*just, "--show", "project")
    assert "settings --config config/prod.yaml" in shown
