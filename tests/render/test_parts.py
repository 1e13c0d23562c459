"""The core and the parts of a project know nothing of each other, and only the owner's files know
what a row is. What is read here is a render with all parts."""

import ast
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import Render, domain
from loaded import matrix, packages, plan

ROWS: dict[str, dict[str, Any]] = plan._read_choices()["features"]
IN_PYTHON = [name for name, row in ROWS.items() if f"src/{{package}}/{name}/" in row["paths"]]
PACKAGE = "my_ml_project"

OF_THE_DIGITS = re.compile(
    r"pixel_|\bSIDE\b|\b1[,_]?797\b|\brange\(10\)|load_digits|\b(ten|10) (classes|digits)\b"
)
"""What only the rows of the first day have."""


@pytest.fixture(params=domain("framework"))
def everything(request: pytest.FixtureRequest, render: Render) -> Path:
    """A project with all parts."""
    return render({"profile": "everything", "framework": request.param})


def imports(path: Path, package: list[str]) -> Iterator[str]:
    """Name what a file of a package imports from the project, from ``package`` downward."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            module = [*above, *(node.module or "").split(".")]
            for alias in node.names:
                yield ".".join(filter(None, [*module, alias.name]))


def parts_in(project: Path, path: Path) -> set[str]:
    """Name the parts that a file imports something of."""
    place = path.relative_to(project)
    package = list((place.relative_to("src") if place.parts[0] == "src" else place).parent.parts)
    owners = {f"{PACKAGE}.{part}": part for part in IN_PYTHON}
    owners |= {f"tests.{part}": part for part in IN_PYTHON}
    return {owners[".".join(it.split(".")[:2])] for it in imports(path, package)
            if ".".join(it.split(".")[:2]) in owners}  # fmt: skip


def home(project: Path, path: Path) -> str:
    """Name the part that a file belongs to; empty for the core."""
    place = path.relative_to(project).parts
    folder = place[1] if place[0] == "tests" else place[2]
    return folder if folder in IN_PYTHON else ""


def test_the_core_imports_no_part_and_no_part_another(everything: Path) -> None:
    for path in [*everything.glob("src/**/*.py"), *everything.glob("tests/**/*.py")]:
        foreign = parts_in(everything, path) - {home(everything, path)}
        assert not foreign, f"{path.relative_to(everything)} imports of {foreign}"


def test_an_import_of_a_part_is_found_however_it_is_written(tmp_path: Path) -> None:
    module = tmp_path / "src" / PACKAGE / "report" / "page.py"
    module.parent.mkdir(parents=True)
    for line in (
        "from ..serving import drift",
        "from .. import serving",
        "def late():\n    from ..serving.drift import compare",
        f"import {PACKAGE}.serving.drift",
        f"from {PACKAGE} import serving",
    ):
        module.write_text(line)
        assert parts_in(tmp_path, module) == {"serving"}, line
    module.write_text("from .. import data, serve\nfrom . import page\nimport serving")
    assert parts_in(tmp_path, module) == {"report"}
    assert home(tmp_path, module) == "report"


def test_every_folder_of_the_package_is_a_part(everything: Path) -> None:
    folders = {path.parent.name for path in everything.glob(f"src/{PACKAGE}/*/__init__.py")}
    assert folders == {*IN_PYTHON}


@pytest.mark.parametrize("part", IN_PYTHON)
def test_a_part_has_its_folders_its_page_and_its_extra(render: Render, part: str) -> None:
    project = render({"profile": "everything", "framework": "sklearn"})
    package = project / "src" / PACKAGE / part / "__init__.py"
    assert package.exists(), f"no src/{PACKAGE}/{part}: the part is not written yet"
    assert list((project / "tests" / part).glob("test_*.py"))
    tree = ast.parse(package.read_text(encoding="utf-8"))
    (commands,) = (
        ast.literal_eval(node.value or ast.Dict())
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign) and "COMMANDS" in ast.unparse(node)
    )
    paths = [path for path in ROWS[part]["paths"] if path.startswith("docs/how-to/")]
    assert len(paths) == 1 or not commands
    missing = [path for path in paths if not (project / path).exists()]
    assert not missing
    named = "".join((project / path).read_text(encoding="utf-8") for path in paths)
    assert all(command in named for command in commands)
    assert ROWS[part].get("extras", {}).keys() <= {part}
    assert f"tests/{part}/" in ROWS[part]["paths"]


def test_what_a_part_brings_exists(render: Render) -> None:
    forges = [render({"profile": "everything", "forge": forge}) for forge in ("github", "gitlab")]
    for part, row in ROWS.items():
        for path in row["paths"]:
            place = path.format(package=PACKAGE)
            assert any((project / place).exists() for project in forges), (part, path)


def test_profiles_grow() -> None:
    minimal, standard, everything = (
        {name for name, row in ROWS.items() if profile in row["profiles"]}
        for profile in ("minimal", "standard", "everything")
    )
    assert minimal == set()
    assert standard < everything == ROWS.keys()


def owned(project: Path) -> list[str]:
    answers = yaml.safe_load((project / ".copier-answers.yml").read_text(encoding="utf-8"))
    stack = matrix.stack_for(answers)
    made = plan.make_plan(answers, stack, packages.packages_for(answers, stack))
    return [path[1:] for path in made.owned_paths]


def test_only_the_owners_files_know_what_a_row_is(everything: Path) -> None:
    theirs = owned(everything)
    found = {}
    for path in (path for path in everything.rglob("*") if path.is_file()):
        place = path.relative_to(everything).as_posix()
        is_theirs = any(fnmatch(place, pattern) for pattern in theirs)
        if not is_theirs and path.suffix != ".md":
            lines = path.read_text(encoding="utf-8").splitlines()
            found |= {
                f"{place}:{n}": it for n, it in enumerate(lines, 1) if OF_THE_DIGITS.search(it)
            }
    assert not found
    assert OF_THE_DIGITS.search((everything / "src" / PACKAGE / "schema.py").read_text("utf-8"))
