"""What a repository says about itself, as its last commit has it."""

import ast
import re
import tomllib
from collections.abc import Iterator
from configparser import ConfigParser, Error
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from copier_ml.shared.git import Git
from copier_ml.shared.project import Project


class Guess(NamedTuple):
    """An answer, and the file or the setting that it was read from."""

    value: Any
    origin: str


@dataclass(frozen=True)
class Evidence:
    """The files of a project; paths count from its folder."""

    project: Project

    @cached_property
    def paths(self) -> list[str]:
        """Name all files."""
        listed = ("ls-tree", "-r", "-z", "--name-only", "HEAD", ".")
        return Git(self.project.folder).lines(*listed)

    def named(self, pattern: str) -> list[str]:
        """Name the files whose whole path a regular expression describes."""
        return [path for path in self.paths if re.fullmatch(pattern, path)]

    def read(self, path: str) -> str:
        """Read a file; empty if there is none."""
        spelled = f"{self.project.head}:{self.project.prefix}{path}"
        return self.project.git.attempt("show", spelled).stdout.decode("utf-8", "replace")

    @cached_property
    def pyproject(self) -> dict[str, Any]:
        """Read pyproject.toml; empty if there is none.

        Raises:
            ValueError: It is no TOML.
        """
        try:
            return tomllib.loads(self.read("pyproject.toml"))
        except tomllib.TOMLDecodeError as error:
            raise ValueError(f"pyproject.toml is no TOML: {error}; fix and commit it") from error

    @cached_property
    def metadata(self) -> dict[str, Guess]:
        """Say what the package's metadata are, in whatever form; the first form wins."""
        found: dict[str, Guess] = {}
        for origin, facts in self._forms():
            for name, value in facts.items():
                if value and name not in found:
                    found[name] = Guess(value, origin)
        return found

    def _forms(self) -> Iterator[tuple[str, dict[str, Any]]]:
        yield "pyproject.toml", read_project(_table(self.pyproject, "project"))
        yield "pyproject.toml", read_poetry(_table(_table(self.pyproject, "tool"), "poetry"))
        yield "setup.cfg", read_setup_cfg(self.read("setup.cfg"))
        yield "setup.py", read_setup_py(self.read("setup.py"))

    @cached_property
    def requirements(self) -> dict[str, str]:
        """Name each distribution that is required directly, and the file that says so."""
        texts = [(guess.origin, "\n".join(guess.value)) for name, guess in self.metadata.items()
                 if name == "requirements"]  # fmt: skip
        groups = _table(self.pyproject, "dependency-groups").values()
        lines = [line for group in groups for line in group if isinstance(line, str)]
        texts.append(("pyproject.toml", "\n".join(lines)))
        listed = r"requirements[^/]*\.(txt|in)|requirements/[^/]+\.(txt|in)|environment\.ya?ml"
        texts += [(path, self.read(path)) for path in self.named(listed)]
        named = re.compile(r"^[ \t]*(?:- +)?\"?'?([A-Za-z][A-Za-z0-9._-]*)", re.M)
        found: dict[str, str] = {}
        for origin, text in texts:
            for name in named.findall(text):
                found.setdefault(re.sub(r"[-_.]+", "-", name).lower(), origin)
        return found

    def importing(self, module: str) -> str:
        """Name a file of Python that imports a module; empty if there is none."""
        pattern = rf"^[ \t]*(import|from)[ \t]+{module}([. \t,]|$)"
        done = Git(self.project.folder).attempt(
            "grep", "-l", "-E", pattern, "HEAD", "--", "*.py", "*.ipynb"
        )
        lines = done.stdout.decode("utf-8", "replace").splitlines()
        return lines[0].removeprefix("HEAD:") if lines else ""


def read_project(table: dict[str, Any]) -> dict[str, Any]:
    """Read the standard table ``[project]``. Pure."""
    author = _table({"first": next(iter(table.get("authors", [])), {})}, "first")
    declared = table.get("license")
    classifiers = [line for line in table.get("classifiers", []) if line.startswith("License")]
    extras = _table(table, "optional-dependencies").values()
    return {
        "name": table.get("name"),
        "description": table.get("description"),
        "author_name": author.get("name"),
        "author_email": author.get("email"),
        "license": declared if isinstance(declared, str) else
        _table(table, "license").get("text") or "".join(classifiers[:1]).rpartition(" :: ")[2],
        "python": table.get("requires-python"),
        "url": _find_url(_table(table, "urls")),
        "requirements": [*table.get("dependencies", []), *(line for e in extras for line in e)],
    }  # fmt: skip


def read_poetry(table: dict[str, Any]) -> dict[str, Any]:
    """Read Poetry's own table. Pure."""
    author = re.match(r"([^<]*)(?:<(.*)>)?", next(iter(table.get("authors", [])), ""))
    name, email = author.groups() if author else ("", "")
    groups = [_table(group, "dependencies") for group in _table(table, "group").values()]
    required = dict(_table(table, "dependencies"))
    python = required.pop("python", "")
    return {
        "name": table.get("name"),
        "description": table.get("description"),
        "author_name": name.strip(),
        "author_email": email,
        "license": table.get("license"),
        "python": python,
        "url": table.get("repository"),
        "requirements": [*required, *(line for group in groups for line in group)],
    }


def read_setup_cfg(text: str) -> dict[str, Any]:
    """Read the tables of setuptools; a file that is none says nothing. Pure."""
    parser = ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text)
    except Error:
        return {}
    options = dict(parser["options"]) if parser.has_section("options") else {}
    metadata = dict(parser["metadata"]) if parser.has_section("metadata") else {}
    return _from_setuptools(metadata | options)


def read_setup_py(text: str) -> dict[str, Any]:
    """Read what the call of ``setup`` says in so many words; nothing is run. Pure."""
    try:
        calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    except (SyntaxError, ValueError):
        return {}
    facts: dict[str, Any] = {}
    for call in calls:
        if getattr(call.func, "attr", getattr(call.func, "id", "")) == "setup":
            for word in call.keywords:
                try:
                    facts[word.arg or ""] = ast.literal_eval(word.value)
                except (ValueError, TypeError):
                    continue  # It is computed.
    return _from_setuptools(facts)


def _from_setuptools(facts: dict[str, Any]) -> dict[str, Any]:
    required = facts.get("install_requires") or []
    return {
        "name": facts.get("name"),
        "description": facts.get("description"),
        "author_name": facts.get("author"),
        "author_email": facts.get("author_email"),
        "license": facts.get("license"),
        "python": facts.get("python_requires"),
        "url": facts.get("url"),
        "requirements": required.splitlines() if isinstance(required, str) else list(required),
    }


def _find_url(urls: dict[str, str]) -> str:
    labels = {label.lower(): address for label, address in urls.items()}
    wanted = ("repository", "source", "source code", "github", "homepage")
    return next((labels[label] for label in wanted if label in labels), "")


def _table(parent: dict[str, Any], name: str) -> dict[str, Any]:
    found = parent.get(name)
    return found if isinstance(found, dict) else {}
