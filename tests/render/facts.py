"""A rendered project as data: what its files say, so that what they say twice can be compared."""

import ast
import json
import posixpath
import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import yaml

FENCE = re.compile(r"^ *```.*?^ *```", re.M | re.S)
HEADING = re.compile(r"^#+ +(.+)$", re.M)
LINK = re.compile(r"\]\(([^)\s]+)\)")
RECIPE = re.compile(r"^((?:\[.*\]\n)*)@?([a-z][\w-]*)(?: .*)?:(?: [\w ()-]+)?$", re.M)
SPAN = re.compile(r"`([^`\n]+)`")

FastLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Project:
    """Texts of a project by their paths, parsed once, however many projects have them."""

    name: str
    texts: dict[str, str]

    @cached_property
    def metadata(self) -> dict[str, Any]:
        """What pyproject.toml says."""
        return _toml(self.texts["pyproject.toml"])

    @cached_property
    def command(self) -> str:
        """The command of the project, which has its distribution's name."""
        return str(self.metadata["project"]["name"])

    @cached_property
    def package(self) -> str:
        """The package's folder below src/."""
        return str(self.metadata["tool"]["coverage"]["run"]["source_pkgs"][0])

    @cached_property
    def prefix(self) -> str:
        """What the names of the project's environment variables start with."""
        return f"{self.package.upper()}_"

    def toml(self, path: str) -> dict[str, Any]:
        """Read a TOML file."""
        return _toml(self.texts[path])

    def yaml(self, path: str) -> Any:
        """Read a YAML file."""
        return _yaml(self.texts[path])

    def source(self, module: str) -> ast.Module:
        """Read a module of the package, such as ``settings`` or ``serving/commands``."""
        return _python(self.texts[f"src/{self.package}/{module}.py"])

    def modules(self) -> set[str]:
        """Names of the package's modules, such as ``settings`` or ``serving.drift``."""
        found = (re.fullmatch(rf"src/{self.package}/([\w/]+)\.py", path) for path in self.texts)
        names = {match[1].replace("/", ".") for match in found if match}
        return {name for name in names if name.split(".")[-1] != "__init__"}

    def pages(self) -> dict[str, str]:
        """Markdown pages."""
        return {path: text for path, text in self.texts.items() if path.endswith(".md")}

    def find(self, pattern: str, only: str = "") -> dict[str, str]:
        """Give what a pattern finds, and a path of each; ``only`` limits the paths."""
        return {
            found: path
            for path, text in self.texts.items()
            if re.match(only, path)
            for found in _find(pattern, text)
        }

    def settings(self) -> set[str]:
        """Fields of the settings, of the hyperparameters, and of all commands."""
        commands = (name for name in self.modules() if name.split(".")[-1] == "commands")
        modules = ("hyperparameters", "settings", *(name.replace(".", "/") for name in commands))
        return set().union(*(_fields(self.source(name)) for name in modules))

    def commands(self) -> set[str]:
        """First words of the commands of the core and of the parts."""
        inits = (path for path in self.texts if path.startswith("src/") and "__init__" in path)
        found = set()
        for node in (node for path in inits for node in _python(self.texts[path]).body):
            if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Dict):
                found |= {str(ast.literal_eval(key)).split()[0] for key in node.value.keys if key}
        return found

    def recipes(self) -> set[str]:
        """Recipes of the justfile that a person runs."""
        return {name for name, marks in _recipes(self) if "[private]" not in marks}

    def all_recipes(self) -> set[str]:
        """Recipes of the justfile, also those for programs."""
        return {name for name, _ in _recipes(self)}

    def stages(self) -> dict[str, str]:
        """Text of each stage of the Dockerfile."""
        parts = re.split(r"^FROM ", self.texts["Dockerfile"], flags=re.M)[1:]
        return {part.splitlines()[0].rpartition(" AS ")[2]: part for part in parts}


def read(name: str, folder: Path) -> Project:
    """Read a render; texts that are the same in several are kept once."""
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    texts = {p.relative_to(folder).as_posix(): _same(p.read_text("utf-8")) for p in found}
    return Project(name, texts)


def links(page: str, text: str) -> dict[str, str]:
    """Give the local files that a page links to, each with the anchor in it."""
    found = (target.partition("#") for target in _find(LINK.pattern, FENCE.sub("", text)))
    beside = posixpath.dirname(page)
    return {
        posixpath.normpath(posixpath.join(beside, path)) if path else page: anchor
        for path, _, anchor in found
        if not re.match(r"[a-z]+:", path)
    }


def anchors(text: str) -> set[str]:
    """Anchors of a page's headings."""
    headings = _find(HEADING.pattern, FENCE.sub("", text))
    return {re.sub(r"[^\w\- ]", "", it).strip().lower().replace(" ", "-") for it in headings}


def spans(text: str) -> set[str]:
    """Code spans of a page."""
    return set(_find(SPAN.pattern, FENCE.sub("", text)))


def default_of(module: ast.Module, name: str) -> Any:
    """Give the default of a field, where it is written out."""
    for node in ast.walk(module):
        if isinstance(node, ast.AnnAssign) and getattr(node.target, "id", "") == name:
            call = node.value
            given = call.keywords if isinstance(call, ast.Call) else []
            values = [keyword.value for keyword in given if keyword.arg == "default"]
            return ast.literal_eval(values[0] if values else call or ast.Constant(None))
    raise KeyError(name)


def command_of(stage: str) -> list[str]:
    """Give the CMD of a stage; empty if there is none."""
    found = re.findall(r"^CMD (\[.*\])$", stage, re.M)
    words: list[str] = json.loads(found[-1]) if found else []
    return words


def _fields(module: ast.Module) -> set[str]:
    classes = (it for it in module.body if isinstance(it, ast.ClassDef))
    nodes = (node for it in classes for node in it.body if isinstance(node, ast.AnnAssign))
    return {node.target.id for node in nodes if isinstance(node.target, ast.Name)}


def _recipes(project: Project) -> list[tuple[str, str]]:
    both = (project.texts[name] for name in ("justfile", "project.just"))
    return [(match[2], match[1]) for text in both for match in RECIPE.finditer(text)]


def _once(function: Callable[[str], Any]) -> Callable[[str], Any]:
    return cache(function)


_same = _once(lambda text: text)
_toml = _once(tomllib.loads)
_yaml = _once(lambda text: yaml.load(text, FastLoader))
_python = _once(ast.parse)


@cache
def _find(pattern: str, text: str) -> list[str]:
    return re.findall(pattern, text, re.M)
