"""A fact that stands in several files of a project is the same in all of them, in every variant."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from facts import Project, anchors, command_of, default_of, links, read, spans
from packaging.specifiers import SpecifierSet

JUST = r"(?:(?:uv run (?:--[\w-]+ )*|[`']|entry: )just |\"just\", \")([a-z][\w-]*)"
"""How a recipe is named in code: after uv, at the begin of a code span, in a hook, in a list."""

FILE = re.compile(r"[\w.*-]+(/[\w.*-]+)*\.(html|json|just|lock|md|py|toml|txt|ya?ml)")
LATER = re.compile(
    r"uv\.lock|pylock\*\.toml|requirements\*\.txt|compose\.override\.yaml|config/(\*|tuned)\.yaml"
    r"|(reports|models|data|export|mlruns|environments)/.*|(here|there|columns)\.json"
)
"""Files that a command, a tool or an owner creates; those of config/ stay with settings alone."""

LICENSES = {
    "Apache-2.0": "Apache License\n",
    "BSD-3-Clause": "BSD 3-Clause License\n",
    "LicenseRef-Proprietary": "Copyright (c) ",
    "MIT": "MIT License\n",
}
"""How the text of a license begins, by its SPDX expression."""

TO_ADD = {"count"}
"""Commands that the documentation shows how to add."""

MISSPELT = {"TEST_FRACTON"}
"""Variables that the documentation has refused."""


@pytest.fixture(scope="module")
def projects(renders: dict[str, Path]) -> list[Project]:
    return [read(name, folder) for name, folder in renders.items()]


def check(project: Project, found: dict[str, str], known: set[str], kind: str) -> None:
    """Compare what files name with what there is."""
    wrong = {name: path for name, path in found.items() if name not in known}
    assert not wrong, f"{project.name}: no such {kind}: {wrong}"


def test_the_package_has_one_name(projects: list[Project]) -> None:
    for project in projects:
        folders = {path.split("/")[1] for path in project.texts if path.startswith("src/")}
        assert folders == {project.package}, project.name
        scripts = {project.command: f"{project.package}.cli:main"}
        assert project.metadata["project"]["scripts"] == scripts, project.name
        assert project.command == project.package.replace("_", "-"), project.name


def test_the_license_is_the_one_that_is_claimed(projects: list[Project]) -> None:
    for project in projects:
        claimed = project.metadata["project"].get("license")
        assert ("LICENSE" in project.texts) == bool(claimed), project.name
        text = project.texts.get("LICENSE", "").lstrip()
        assert text.startswith(LICENSES.get(claimed, "")), project.name


def test_no_file_speaks_of_a_license_that_is_not_written(projects: list[Project]) -> None:
    for project in (it for it in projects if "LICENSE" not in it.texts):
        metadata = project.metadata["project"]
        assert "license-files" not in metadata, project.name
        assert not [it for it in metadata["classifiers"] if it.startswith(("License", "Private"))]
        named = project.find(r"\bLICENSE\b|^## License|img\.shields\.io", r"(?!\.dockerignore)")
        assert not named, (project.name, named)


def test_files_with_secrets_stay_out_of_git(projects: list[Project]) -> None:
    for project in projects:
        ignored = project.texts[".gitignore"].splitlines()
        assert {".env", ".env.*", "!.env.example"} <= set(ignored), project.name


def test_the_python_version_agrees(projects: list[Project]) -> None:
    for project in projects:
        python = project.texts[".python-version"].strip()
        metadata = project.metadata
        assert metadata["project"]["requires-python"] == f">={python}", project.name
        claimed = [line.rpartition(" :: 3.")[2] for line in metadata["project"]["classifiers"]]
        minors = sorted(int(minor) for minor in claimed if minor.isdigit())
        assert python == f"3.{minors[0]}", project.name
        assert minors == list(range(minors[0], minors[-1] + 1)), project.name
        ends = {line.rpartition(" < ")[2] for line in metadata["tool"]["uv"]["environments"]}
        assert ends == {f"'3.{minors[-1] + 1}'"}, project.name
        bases = project.find(r"\blibrary/python:(3\.\d+)\.") | project.find(
            r"uv:\S+-python(3\.\d+)"
        )
        assert bases.keys() <= {python}, (project.name, bases)
        assert bases or "Dockerfile" not in project.texts, project.name
        spoken = project.find(r"\bPython (3\.\d+)\b", r"(?!tests/)")
        check(project, spoken, {f"3.{minor}" for minor in minors}, "Python")
        assert not metadata["tool"]["ruff"].get("target-version"), "ruff reads requires-python"
        assert not metadata["tool"]["mypy"].get("python_version"), "mypy checks the one that runs"
        assert not project.find(r"^ *python-version: (.*)$", r"\.github/"), (
            "uv reads .python-version"
        )


def test_extras_and_groups_that_are_named_exist(projects: list[Project]) -> None:
    for project in projects:
        extras = project.metadata["project"]["optional-dependencies"]
        groups = project.metadata["dependency-groups"]
        code = r"(?!tests/)"  # Tests make projects up that have other extras.
        named = project.find(r"--extra[= ]\"?([a-z][\w-]*)", code)
        check(project, named, {*extras}, "extra")
        check(
            project,
            project.find(r"\buv .*--(?:only-)?group ([\w-]+)", code),
            {*groups},
            "group",
        )
        builds = {"cpu", "cuda"} & {*extras}
        parts = {path.split("/")[2] for path in project.texts if path.startswith("src/")}
        assert {*extras} - builds - {"remote"} <= parts, project.name
        exported = project.find(r"--output-file export/requirements-?(\w*)\.txt", "justfile")
        assert exported.keys() == (builds or {""}), project.name
        if "Dockerfile" in project.texts:
            argument = project.find(r"^ARG ACCELERATOR=(\w+)$", "Dockerfile")
            assert argument.keys() == {"cpu"} & builds, project.name
            assert ("$ACCELERATOR" in project.texts["Dockerfile"]) == bool(builds), project.name


def test_ports_agree(projects: list[Project]) -> None:
    for project in projects:
        if not {"compose.yaml", f"src/{project.package}/serving/commands.py"} <= {*project.texts}:
            continue
        port = str(default_of(project.source("serving/commands"), "port"))
        services = project.yaml("compose.yaml")["services"]
        stages = project.stages()
        tracking = services["mlflow"]["ports"][0].rpartition(":")[2]
        serve = f"127.0.0.1:${{{project.prefix}PORT:-{port}}}:{port}"
        assert services["serve"]["ports"] == [serve], project.name
        assert services["mlflow"]["ports"] == [f"127.0.0.1:${{MLFLOW_PORT:-{tracking}}}:{tracking}"]
        for stage, exposed in (("serve", port), ("tracking", tracking)):
            assert re.findall(r"^EXPOSE (.*)$", stages[stage], re.M) == [exposed], project.name
        assert f"{project.prefix}PORT={port}\n" in stages["serve"], project.name
        uris = project.find(r"http://mlflow:(\d+)", "compose.yaml")
        assert uris.keys() == {tracking}, project.name
        own = project.find(r"--port (\d+)", "docs/")  # A page may start a second server.
        named = project.find(r"\b(?:127\.0\.0\.1|localhost):(\d+)", r"docs/|README|\.env|src/")
        closed = {"9"}  # Where a page needs a port that does not answer.
        check(project, named, {port, tracking, *own} | closed, "port")


def test_variables_of_the_project_are_settings(projects: list[Project]) -> None:
    for project in projects:
        known = {name.upper() for name in project.settings()} | MISSPELT
        named = project.find(rf"\b{project.prefix}([A-Z0-9_]+)")
        check(project, named, known, "setting")
        assert len(named) > 4, project.name
        keys = project.find(r"^([a-z_]+):", r"config/")
        check(project, keys, project.settings(), "setting")
        options = {name.replace("_", "-") for name in project.settings()} | {"json"}
        check(project, project.find(r"^\| `--([\w-]+)` \|", "docs/"), options, "option")


def test_variables_of_services_are_made_and_explained(projects: list[Project]) -> None:
    for project in (it for it in projects if "compose.yaml" in it.texts):
        needed = project.find(r"\$\{([A-Z0-9_]+):\?", "compose.yaml").keys()
        (made,) = project.find(r"for name in (.+); do grep", "justfile")
        assert set(made.split()) == needed, project.name
        offered = project.find(r"^# ([A-Z0-9_]+)=", r"\.env\.example")
        assert needed <= offered.keys(), project.name
        profiles = {
            p for it in project.yaml("compose.yaml")["services"].values() for p in it["profiles"]
        }
        (stopped,) = project.find(r"COMPOSE_PROFILES=([a-z,]+)", "justfile")
        assert set(stopped.split(",")) == profiles, project.name


def test_variables_of_an_index_have_its_name(projects: list[Project]) -> None:
    for project in projects:
        declared = {
            index["name"].upper() for index in project.metadata["tool"]["uv"].get("index", [])
        }
        known = {f"{name}_{part}" for name in declared for part in ("USERNAME", "PASSWORD")}
        named = project.find(r"\bUV_INDEX_([A-Z0-9_]+_[A-Z]+)")
        check(project, named, known, "index")
        asks = project.yaml(".copier-answers.yml").get("package_index_auth") in ("token", "keyring")
        assert bool(named) == asks, project.name


def test_commands_that_are_named_exist(projects: list[Project]) -> None:
    for project in projects:
        commands, command = project.commands() | TO_ADD, project.command
        start = r"(?:uv run (?:--[\w-]+ )*|[`'@]|\$ |^ +)"
        check(project, project.find(rf"{start}{command} ([a-z]+(?:-[a-z]+)*)"), commands, "command")
        reference = project.texts.get("docs/reference/command-line.md")
        if reference:
            assert set(re.findall(r"^\| \[`(\w+)`\]\(", reference, re.M)) <= commands, project.name
        if "Dockerfile" in project.texts:
            stages = project.stages()
            found = {command_of(stages[it])[0] for it in ("serve", "train") if it in stages}
            assert found <= commands, project.name
        wired = project.find(rf"^    @?{command} (\w+) ?[\"$]?", "justfile").keys()
        assert wired <= commands & (project.recipes() | {"export"}), project.name


def test_recipes_that_are_named_exist(projects: list[Project]) -> None:
    for project in projects:
        recipes = project.recipes()
        check(project, project.find(JUST), project.all_recipes(), "recipe")
        listed = set(re.findall(r"^\| `uv run just ([\w-]+)` \|", project.texts["README.md"], re.M))
        assert listed | project.commands() | {"help"} >= recipes, (project.name, recipes - listed)
        assert listed <= recipes, project.name


def test_links_lead_somewhere(projects: list[Project]) -> None:
    for project in projects:
        folders = {str(parent) for path in project.texts for parent in Path(path).parents}
        for page, text in project.pages().items():
            for target, anchor in links(page, text).items():
                assert target in project.texts or target in folders, (project.name, page, target)
                known = anchors(project.texts[target]) if anchor else {""}
                assert anchor in known, (project.name, page, target, anchor)


def test_files_that_pages_name_exist(projects: list[Project]) -> None:
    for project in projects:
        names = {part for path in project.texts for part in _tails(path)}
        for page, text in project.pages().items():
            named = {span for span in spans(text) if FILE.fullmatch(span)}
            missing = {it for it in named - names if not LATER.fullmatch(it)}
            assert not missing, (project.name, page, missing)


def _tails(path: str) -> Iterator[str]:
    parts = path.split("/")
    return ("/".join(parts[n:]) for n in range(len(parts)))


def test_modules_that_the_reference_describes_exist(projects: list[Project]) -> None:
    for project in projects:
        described = project.find(rf"^::: {project.package}\.([\w.]+)$", "docs/")
        parts = {name.split(".")[0] for name in project.modules()}
        check(project, described, project.modules() | parts, "module")


def test_sections_of_the_site_name_pages_that_exist(projects: list[Project]) -> None:
    named, pages = set(), set()
    for project in projects:
        found = [path for path in project.pages() if path.startswith("docs/")]
        assert bool(found) == ("docs/.nav.yml" in project.texts) == ("mkdocs.yml" in project.texts)
        if found:
            sections = yaml.safe_load(project.texts["docs/.nav.yml"])
            assert sections["append_unmatched"], project.name  # A page that an owner adds is shown.
            patterns = re.findall(r"@\((.+)\)\.md", project.texts["docs/.nav.yml"])
            named |= {f"docs/how-to/{name}.md" for one in patterns for name in one.split("|")}
            pages |= {*found}
    assert named
    assert named <= pages


def test_tools_and_images_have_one_version(projects: list[Project]) -> None:
    for project in projects:
        images: dict[str, str] = {}
        named = project.find(r"\b((?:docker|ghcr)\.io/[a-z0-9/_-]+:v?\d[\w.-]*)", r"(?!tests/)")
        for name, tag in (it.rsplit(":", 1) for it in named):
            version = tag.split("-")[0] if name.endswith("/uv") else tag
            assert images.setdefault(name, version) == version, (project.name, name)
        found = [version for name, version in images.items() if name.endswith("astral-sh/uv")]
        uv = found[0] if found else "0.13.0"
        metadata = project.metadata
        assert uv in SpecifierSet(metadata["tool"]["uv"]["required-version"]), project.name
        (backend,) = metadata["build-system"]["requires"]
        assert uv in SpecifierSet(backend.removeprefix("uv_build")), project.name
        actions: dict[str, str] = {}
        for use in project.find(r"uses: ([\w-]+/\S+@[0-9a-f]{40} # \S+)$", r"\.github/"):
            name, pin = use.split("@")
            assert actions.setdefault(name, pin) == pin, (project.name, name)
        assert len(project.find(r"version: (v\d+\.\S+)", r"\.github/")) <= 1, project.name
        assert len(actions) > 4 or ".github/workflows/ci.yml" not in project.texts, project.name


def test_jobs_and_secrets_that_pages_name_exist(projects: list[Project]) -> None:
    for project in projects:
        secrets = project.find(r"\b([A-Z]+_INDEX_NETRC)\b")
        assert secrets.keys() <= {"PACKAGE_INDEX_NETRC"}, project.name
        page = project.texts.get("CONTRIBUTING.md", "")
        if ".github/workflows/images.yml" in project.texts:
            workflows = [
                n for n in ("ci", "images") if f".github/workflows/{n}.yml" in project.texts
            ]
            names = {it["name"] for n in workflows for it in _jobs(project, n)}
            assert names & spans(page) & {"Pass", "Images pass"}, project.name


def _jobs(project: Project, workflow: str) -> list[dict[str, str]]:
    return list(project.yaml(f".github/workflows/{workflow}.yml")["jobs"].values())
