"""Turn the answers into a plan: every fact a template prints, computed once.

Templates read ``plan.<fact>``; they compare nothing and combine nothing.

Copier loads this file by its path, and an update loads the old and the new version in one process.
A sibling module imported from here would be found in ``sys.modules`` the second time, in its old
version, so this file imports nothing of the template.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from copier_template_extensions import ContextHook
from jinja2 import Environment

CHOICES = Path(__file__).with_name("choices.toml")

RENAMED = {"forge": "ci"}
"""Renamed questions: an update also plans with a project's old answers."""

FIRST_FEATURES = {"docs", "devcontainer", "notebooks"}
"""Choices of ``features`` before the question ``profile``: other parts were always included."""

OFFICIAL = "git+https://github.com/copier-ml/copier-ml"
"""Repository whose releases are also on the public index."""

HOSTS = {"gh": "https://github.com", "gl": "https://gitlab.com"}
"""URLs of Copier's short addresses."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """Facts about one project, ready to print. Lists are sorted unless documented otherwise."""

    distribution: str
    """Name on an index and on the command line, in kebab case."""

    env_prefix: str
    """Prefix of environment variables."""

    authors: list[dict[str, str]]
    """PEP 621 authors: one with a name, an email, or both; none if neither was given."""

    copyright_holder: str
    """Copyright holder in the license."""

    license: str
    """SPDX license expression; empty if the project states none."""

    classifiers: list[str]
    """Trove classifiers."""

    urls: dict[str, str]
    """Label to address in the package's metadata; empty without a repository."""

    checks: str
    """URL of the page with the runs of the checks; empty if there is none."""

    badge: str
    """URL of their status badge; empty if there is none."""

    dependencies: list[str]
    """Requirements of the package, whatever the accelerator, in the order of ``_appendable``."""

    extras: dict[str, list[str]]
    """Requirements of each extra: the accelerators' builds, and the parts of the package. Those of
    the parts are in the order of ``_appendable``."""

    groups: dict[str, list[str]]
    """Requirements of each dependency group, in the order of ``_appendable``."""

    environments: list[str]
    """Markers of the platforms, and the newest Python, that the lock serves."""

    pythons: list[str]
    """Minor versions of Python that the lock serves, the oldest first."""

    stack: Any
    """``Stack`` of matrix.py: the framework's package and its build for each extra."""

    packages: Any
    """``Packages`` of packages.py: extras, sources, indexes and their authentication."""

    image: str
    """Tag of the Python image that the project's own images are built on."""

    served: list[str]
    """Modules of a service, compiled to bytecode in its image."""

    system: list[str]
    """Debian packages in the training image."""

    libraries: list[str]
    """Debian packages in every image, to which wheels link."""

    licenses: list[str]
    """SPDX identifiers of allowed licenses."""

    rules: dict[str, Row]
    """Tables of the dependency audit, such as ``denied."sklearn"``."""

    code: str
    """Origin of the code: ``template``, or ``own`` in an adopted repository with code."""

    has_code: bool
    """Whether the code is the template's: its package, commands, settings and tests."""

    has_extras: bool
    """Whether there are wheel variants for accelerators."""

    has_cuda: bool
    """Whether one of the wheel variants is for CUDA."""

    has_workflows: bool
    """Whether GitHub Actions run its checks and publish its images."""

    has_pipelines: bool
    """Whether GitLab runs its checks."""

    bot: str
    """Dependency update bot; empty without one, or if its file is excluded."""

    parts: list[str]
    """Optional parts that the project has."""

    has_containers: bool
    """Whether there are container images."""

    has_image_workflows: bool
    """Whether GitHub Actions build and publish its images."""

    has_image_pipelines: bool
    """Whether GitLab CI builds and publishes its images."""

    has_services: bool
    """Whether compose.yaml starts services on this machine."""

    has_docs: bool
    """Whether there is a documentation site."""

    has_security_page: bool
    """Whether the site has a page about the project's threat model."""

    has_notebooks: bool
    """Whether there are notebooks."""

    has_promotion: bool
    """Whether evaluated models are promoted."""

    has_serving: bool
    """Whether predictions are served over HTTP."""

    has_serving_image: bool
    """Whether there is a container image that serves."""

    image_target: str
    """Default target of `just image`."""

    image_targets: list[str]
    """Targets that CI builds and publishes."""

    training_extras: list[str]
    """Options of uv for the training image: the extras of all parts except serving."""

    passwords: list[str]
    """Variables of local services with secrets."""

    tool: str
    """Requirement for ``uvx --from``: copier-ml at the version that rendered the project."""

    newest_tool: str
    """The same for the newest version."""

    uvx: str
    """Command that runs a tool, with options for the package index."""

    absent_paths: list[str]
    """Gitignore patterns of excluded files, anchored at the project root."""

    owned_paths: dict[str, str]
    """Gitignore patterns of the owner's files, anchored at the project root, with their purpose."""


def make_plan(answers: Mapping[str, Any], stack: Any, packages: Any) -> Plan:
    """Derive the plan. Pure.

    An answer that is missing (an update renders an older project's answers) counts as a choice that
    was not taken. ``answers`` are as ``leave_code`` gives them, and ``stack`` and ``packages`` are
    what matrix.py and packages.py say of them.
    """
    choices = _read_choices()
    answers = {new: answers[old] for new, old in RENAMED.items() if old in answers} | {**answers}
    answers.setdefault("code", "template")  # Projects up to 0.9 have no such answer.
    possible = choices["code"][answers["code"]].get("parts", choices["features"])
    parts = [name for name in _parts(choices["features"], answers) if name in possible]
    chosen, others = _divide(choices, {**answers, "features": parts})
    has_code = answers["code"] == "template"
    pages = _pages(answers.get("repository_url", ""), chosen)
    package = answers["package_name"]
    distribution = package.replace("_", "-")
    extras, groups = _merge(chosen, "extras"), _merge(chosen, "groups")
    if not has_code:
        groups.pop("tracking", None)  # The environment of a service in compose.yaml.
    # Listed, not required through the project's own extras, which Poetry refuses.
    groups["dev"] = sorted({*groups["dev"], *(line for part in extras.values() for line in part)})
    pythons = _pythons(choices, answers, stack)
    left_out, paths = _collect(chosen, "absent"), _collect(chosen, "paths")
    has_services = "containers" in parts and has_code
    present = [path for path in paths if path not in left_out]
    absent = _absent(present, _collect(others, "paths") + left_out, package)
    tool, newest_tool = _tools(answers.get("_src_path", ""), answers.get("_commit", ""))
    return Plan(
        distribution=distribution,
        env_prefix=package.upper() + "_",
        authors=_authors(answers.get("author_name", ""), answers.get("author_email", "")),
        copyright_holder=answers.get("author_name") or f"the authors of {answers['project_name']}",
        license="".join(row["spdx"] for row in chosen if "spdx" in row),
        classifiers=sorted({*_collect(chosen, "classifiers"), *map(_classifier, pythons)}),
        urls={label: url for label, url in pages.items() if label.istitle()},
        checks=pages.get("checks", ""),
        badge=pages.get("badge", ""),
        dependencies=_appendable(_collect(chosen, "dependencies")),
        extras=packages.extras | {name: _appendable(lines) for name, lines in extras.items()},
        groups={name: _appendable(lines) for name, lines in groups.items()},
        environments=_environments(pythons[-1], _collect(chosen, "platforms")),
        pythons=pythons,
        stack=stack,
        packages=packages,
        image="".join(row["image"] for row in chosen if "image" in row),
        served=sorted(_collect(chosen, "served")),
        libraries=sorted(_collect(chosen, "libraries")),
        system=sorted(_collect(chosen, "system")),
        licenses=sorted(_collect(chosen, "licenses"), key=str.lower),
        rules=_rules([*chosen, {"exceptions": stack.exceptions}]),
        code=answers["code"],
        has_code=has_code,
        has_extras=bool(stack.builds),
        has_cuda="cuda" in stack.builds,
        has_workflows=".github/" in paths,
        has_pipelines=".gitlab/" in paths,
        bot=_bot(choices["dependency_bot"].get(answers.get("dependency_bot", ""), {}), absent),
        parts=sorted(parts),
        has_containers="containers" in parts,
        has_image_workflows=has_services and ".github/" in paths,
        has_image_pipelines=has_services and ".gitlab/" in paths,
        has_services=has_services,
        has_docs="docs" in parts,
        has_security_page="docs" in parts and has_code,
        has_notebooks="notebooks" in parts,
        has_promotion="promotion" in parts,
        has_serving="serving" in parts,
        has_serving_image={"containers", "serving"} <= {*parts},
        image_target="serve" if "serving" in parts else "train",
        image_targets=["train", "serve"] if "serving" in parts else ["train"],
        training_extras=[f"--extra {name}" for name in extras if name != "serving"],
        passwords=[name.format(prefix=package.upper()) for name in _collect(chosen, "passwords")],
        tool=tool,
        newest_tool=newest_tool,
        uvx=_uvx(packages),
        absent_paths=absent,
        owned_paths=_owned(chosen, package),
    )


@cache
def _read_choices() -> dict[str, dict[str, Row]]:
    return tomllib.loads(CHOICES.read_text(encoding="utf-8"))


def leave_code(answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answers without those about the template's code, if the code is the owner's."""
    is_own = answers.get("code") == "own"
    return {**answers, **({"framework": "", "cuda_version": "none"} if is_own else {})}


def _parts(rows: Mapping[str, Row], answers: Mapping[str, Any]) -> list[str]:
    """Return the parts of a profile, or the chosen ones."""
    profile = answers.get("profile", "")
    asked = answers.get("features", [])
    if profile == "choose":
        return list(asked)
    if not profile:
        return [name for name in rows if name in asked or name not in FIRST_FEATURES]
    return [name for name, row in rows.items() if profile in row["profiles"]]


def _divide(
    choices: dict[str, dict[str, Row]], answers: Mapping[str, Any]
) -> tuple[list[Row], list[Row]]:
    """Split the rows of all questions into chosen ones and others."""
    chosen: list[Row] = []
    others: list[Row] = []
    for question, rows in choices.items():
        answer = answers.get(question, [])
        names = [answer] if isinstance(answer, str) else answer
        for name, row in rows.items():
            (chosen if question == "always" or name in names else others).append(row)
    return chosen, others


def _collect(rows: Iterable[Row], key: str) -> list[str]:
    return [value for row in rows for value in row.get(key, [])]


def _merge(rows: Iterable[Row], key: str) -> dict[str, list[str]]:
    """Merge tables of requirement lists, such as groups in several rows."""
    merged: dict[str, list[str]] = {}
    for row in rows:
        for name, requirements in row.get(key, {}).items():
            merged[name] = sorted([*merged.get(name, []), *requirements])
    return dict(sorted(merged.items()))


def _rules(rows: list[Row]) -> dict[str, Row]:
    """Return the tables of denied packages and of license exceptions."""
    return {
        f'{kind}."{name}"': table
        for kind in ("denied", "exceptions")
        for name, table in sorted(item for row in rows for item in row.get(kind, {}).items())
    }


def _appendable(requirements: list[str]) -> list[str]:
    """Sort, and swap the last two.

    ``uv add`` keeps a sorted list sorted and appends to any other. What an owner adds then stands
    below the line that says so, away from what the template may change.
    """
    in_order = sorted(requirements)
    return in_order[:-2] + in_order[:-3:-1]


def _owned(chosen: Iterable[Row], package: str) -> dict[str, str]:
    """Return the anchored paths of the owner's files."""
    owned = {path: text for row in chosen for path, text in row.get("owned", {}).items()}
    return dict(sorted(("/" + path.format(package=package), owned[path]) for path in owned))


def _absent(present: list[str], others: list[str], package: str) -> list[str]:
    """Return the anchored paths that no answer includes.

    A slash at the end is cut off: with it, Copier makes the folder, but empty.
    """
    absent = [path for path in others if path not in present]
    return ["/" + path.format(package=package).rstrip("/") for path in absent]


def _bot(row: Row, absent: Iterable[str]) -> str:
    """Return the bot, if the project has its configuration file."""
    files = (f"/{path}" for path in row.get("paths", []))
    is_there = any(not file.startswith(tuple(absent)) for file in files)
    return str(row.get("name", "")) if is_there else ""


def _authors(name: str, email: str) -> list[dict[str, str]]:
    author = {"name": name, "email": email}
    return [{key: value for key, value in author.items() if value}] if name or email else []


def _pythons(
    choices: dict[str, dict[str, Row]], answers: Mapping[str, Any], stack: Any
) -> list[str]:
    """List the offered Pythons from the minimum to the newest that all wheel variants support."""
    offered = list(choices["python_version"])
    least = offered.index(answers.get("python_version", offered[0]))
    return [
        minor
        for minor in offered[least:]
        if all(build.serves(minor) for build in stack.builds.values())
    ]


def _classifier(python: str) -> str:
    return f"Programming Language :: Python :: {python}"


def _environments(newest_python: str, platforms: list[str]) -> list[str]:
    """Limit the lockfile to the newest supported CPython; later ones have no wheels yet.

    ``requires-python`` stays open at the top, since it says what a project forbids.
    """
    major, minor = newest_python.split(".")
    newer = f"{major}.{int(minor) + 1}"
    python = f"platform_python_implementation == 'CPython' and python_full_version < '{newer}'"
    return [f"{platform} and {python}" for platform in platforms]


def _pages(repository: str, chosen: Iterable[Row]) -> dict[str, str]:
    """Return the URLs of a repository's pages; those in the metadata are capitalized."""
    if not repository:
        return {}
    paths = (pair for row in chosen for pair in row.get("address", {}).items())
    return {page: f"{repository}/{path}" for page, path in paths} | {"Repository": repository}


def _tools(address: str, commit: str) -> tuple[str, str]:
    """Return the requirements of copier-ml for uvx: at the rendering commit, and the newest.

    Args:
        address: Where the template is, in the words of Copier.
        commit: A tag, a hash, or both as ``git describe`` writes them; may be empty.
    """
    source = _source(address) if address else OFFICIAL
    release = re.fullmatch(r"v(\d+(?:\.\d+)*)", commit)
    if source.removesuffix(".git") == OFFICIAL and (release or not commit):
        return f"copier-ml=={release[1]}" if release else "copier-ml", "copier-ml@latest"
    if not source.startswith("git+") or not commit:
        return source, source
    described = re.search(r"-\d+-g([0-9a-f]+)$", commit)
    return f"{source}@{described[1] if described else commit}", source


def _source(address: str) -> str:
    """Convert an address of Git to ``git+`` and a URL, and a folder to a URL or a relative path.

    A folder is absolute, or begins with a dot or ``~``; whether it exists is not looked up. What is
    no address becomes text that uvx refuses: it must be neither a package's name nor a path.
    """
    plain = address.removeprefix("git+")
    if re.match(r"[A-Za-z][\w+.-]*://", plain):
        return f"git+{plain}"
    if found := re.fullmatch(r"(gh|gl):/*(.+)", plain):
        return f"git+{HOSTS[found[1]]}/{found[2]}"
    if found := re.fullmatch(r"([\w.-]+@[\w.-]+):/*(.+)", plain):
        return f"git+ssh://{found[1]}/{found[2]}"
    if re.match(r"/|[A-Za-z]:[\\/]", address):
        path = address if address[0] == "/" else "/" + address.replace("\\", "/")
        # A bare repository.
        return f"{'git+' * address.endswith('.git')}file://{quote(path, safe='/:')}"
    return address if address[0] in ".~" else f"git+{quote(address, safe='')}"


def _uvx(packages: Any) -> str:
    """Return uvx with the mirror, if there is one: uvx does not read pyproject.toml."""
    index = packages.index
    if index is None or not index.is_default:
        return "uvx"
    keyring = " --keyring-provider subprocess" if packages.has_keyring else ""
    return f"uvx --default-index {index.name}={index.url}{keyring}"


class PlanHook(ContextHook):
    """Add the plan to the context of every template, but not of questions."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        # Their extensions precede this one in copier.yml.
        self._stack_for: Any = environment.globals["stack_for"]
        self._packages_for: Any = environment.globals["packages_for"]
        self._plans: dict[str, Plan] = {}

    def hook(self, context: dict[str, Any]) -> None:
        """Add ``plan`` to a context, except in the prompt phase and before the first answer.

        The latter is so in a migration before an update, and where an update that meets a deleted
        file renders ``_skip_if_exists``.
        """
        # Copier creates about ten contexts per file: plan once per set of answers.
        answers = context["_copier_answers"]
        if context["_copier_phase"] == "prompt" or "package_name" not in answers:
            return
        key = repr(answers)
        if key not in self._plans:
            known = leave_code(answers)
            stack = self._stack_for(known)
            self._plans[key] = make_plan(known, stack, self._packages_for(known, stack))
        context["plan"] = self._plans[key]
