"""Facts about a repository, from its last commit."""

import ast
import codecs
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from configparser import ConfigParser, Error
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from copier_ml.shared.git import Git
from copier_ml.shared.project import Project

PACKAGE_LISTS = r"(requirements/)?(requirements|base|main|prod)\.(txt|in)|environment\.ya?ml"
"""Files with requirements of the package itself."""

FURTHER_LISTS = r"requirements[^/]*\.(txt|in)|requirements/[^/]+\.(txt|in)"
"""Files with requirements of any kind."""


class Guess(NamedTuple):
    """A suggested answer, and the file or setting that it comes from."""

    value: Any
    origin: str


@dataclass(frozen=True)
class Evidence:
    """The files of a project; paths are relative to its folder."""

    project: Project

    @cached_property
    def paths(self) -> list[str]:
        """List all files."""
        listed = ("ls-tree", "-r", "-z", "--name-only", "HEAD", ".")
        return Git(self.project.folder).lines(*listed)

    def named(self, pattern: str) -> list[str]:
        """List the files whose path fully matches a regular expression."""
        return [path for path in self.paths if re.fullmatch(pattern, path)]

    def read(self, path: str) -> str:
        """Read a file; empty if there is none."""
        spelled = f"{self.project.head}:{self.project.prefix}{path}"
        content: bytes = self.project.git.attempt("show", spelled).stdout
        # PowerShell's redirection, as in `pip freeze > requirements.txt`, writes UTF-16.
        is_wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        return content.decode("utf-16" if is_wide else "utf-8-sig", "replace")

    @cached_property
    def pyproject(self) -> dict[str, Any]:
        """Read pyproject.toml; empty if there is none.

        Raises:
            ValueError: It is invalid TOML.
        """
        try:
            return tomllib.loads(self.read("pyproject.toml"))
        except tomllib.TOMLDecodeError as error:
            raise ValueError(f"pyproject.toml is invalid: {error}; fix and commit it") from error

    @cached_property
    def metadata(self) -> dict[str, Guess]:
        """Read the package's metadata from all supported formats; the first one wins."""
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
    def licenses(self) -> list[Guess]:
        """List the licenses in the metadata of all formats."""
        return [
            Guess(stated.strip(), origin)
            for origin, facts in self._forms()
            for stated in facts.get("licenses", [])
        ]

    @cached_property
    def requirements(self) -> tuple[dict[str, str], dict[str, str]]:
        """Map each direct requirement to the file that declares it.

        The first mapping has those of the package, the second those of extras, groups and
        development.
        """
        package, further = (
            [(origin, "\n".join(facts.get(kind, []))) for origin, facts in self._forms()]
            for kind in ("requirements", "further")
        )
        groups = _table(self.pyproject, "dependency-groups").values()
        lines = [line for group in groups for line in group if isinstance(line, str)]
        further.append(("pyproject.toml", "\n".join(lines)))
        package += [(path, self.read(path)) for path in self.named(PACKAGE_LISTS)]
        further += [(path, self.read(path)) for path in self.named(FURTHER_LISTS)]
        return _name_required(package), _name_required(further)

    def importing(self, module: str) -> str:
        """Return a Python file that imports a module; empty if there is none."""
        pattern = rf"^[ \t]*(import|from)[ \t]+{module}([. \t,]|$)"
        done = Git(self.project.folder).attempt(
            "grep", "-l", "-E", pattern, "HEAD", "--", "*.py", "*.ipynb"
        )
        lines = done.stdout.decode("utf-8", "replace").splitlines()
        return lines[0].removeprefix("HEAD:") if lines else ""


def read_project(table: dict[str, Any]) -> dict[str, Any]:
    """Read the standard table ``[project]``. Pure."""
    authors = [author for author in table.get("authors", []) if isinstance(author, dict)]
    license_ = _table(table, "license") or {"text": table.get("license")}
    extras = _table(table, "optional-dependencies").values()
    return {
        "name": table.get("name"),
        "version": table.get("version"),
        "description": table.get("description"),
        "author": _choose_author((it.get("name", ""), it.get("email", "")) for it in authors),
        "licenses": _list_licenses(license_.get("text"), table.get("classifiers", [])),
        "license_file": license_.get("file"),
        "python": table.get("requires-python"),
        "url": _find_url(_table(table, "urls")),
        "requirements": table.get("dependencies", []),
        "further": [line for extra in extras for line in extra],
    }


def read_poetry(table: dict[str, Any]) -> dict[str, Any]:
    """Read Poetry's own table. Pure."""
    authors = (author.partition("<") for author in table.get("authors", []))
    groups = [_table(group, "dependencies") for group in _table(table, "group").values()]
    groups.append(_table(table, "dev-dependencies"))
    required = dict(_table(table, "dependencies"))
    python = required.pop("python", "")
    optional = [name for name in required if _table(required, name).get("optional")]
    return {
        "name": table.get("name"),
        "version": table.get("version"),
        "description": table.get("description"),
        "author": _choose_author((name, email.rstrip("> ")) for name, _, email in authors),
        "licenses": _list_licenses(table.get("license"), table.get("classifiers", [])),
        "python": python,
        "url": table.get("repository"),
        "requirements": [name for name in required if name not in optional],
        "further": [*optional, *(name for group in groups for name in group)],
    }


def read_setup_cfg(text: str) -> dict[str, Any]:
    """Read the tables of setuptools; a file that is none says nothing. Pure."""
    parser = ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text)
    except Error:
        return {}
    options, metadata, extras, entry_points = (
        dict(parser[name]) if parser.has_section(name) else {}
        for name in ("options", "metadata", "options.extras_require", "options.entry_points")
    )
    tables = {"extras_require": extras, "entry_points": entry_points}
    return _from_setuptools(metadata | options | tables)


def read_setup_py(text: str) -> dict[str, Any]:
    """Read literal arguments of the call of ``setup``, without running it. Pure."""
    facts: dict[str, Any] = {}
    for word, value in parse_setup(text).items():
        try:
            facts[word] = ast.literal_eval(value)
        except (ValueError, TypeError):
            continue  # Computed by code.
    return _from_setuptools(facts)


def parse_setup(text: str) -> dict[str, ast.expr]:
    """Map the keywords of the call of ``setup`` to values, with constants replaced. Pure.

    A name is a constant if the module assigns it once and calls none of its methods.
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return {}
    nodes = list(ast.walk(tree))
    stored = Counter(
        it.id for it in nodes if isinstance(it, ast.Name) and isinstance(it.ctx, ast.Store)
    )
    called = {getattr(it.value, "id", "") for it in nodes if isinstance(it, ast.Attribute)}
    constants = {
        target.id: it.value
        for it in tree.body if isinstance(it, ast.Assign)
        for target in it.targets if isinstance(target, ast.Name)
        if stored[target.id] == 1 and target.id not in called
    }  # fmt: skip
    words = {
        word.arg or "": word.value
        for it in nodes if isinstance(it, ast.Call)
        if getattr(it.func, "attr", getattr(it.func, "id", "")) == "setup"
        for word in it.keywords
    }  # fmt: skip
    return {word: _Constants(constants).visit(it) for word, it in words.items()}


class _Constants(ast.NodeTransformer):
    """Replaces names of constants by their values."""

    def __init__(self, values: dict[str, ast.expr]) -> None:
        self.values = values

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self.values.get(node.id, node)


def _from_setuptools(facts: dict[str, Any]) -> dict[str, Any]:
    names, emails = (
        [part.strip() for part in str(facts.get(key) or "").split(",")]
        for key in ("author", "author_email")
    )
    if len(names) != len(emails) and facts.get("author"):  # The pairs are unknown.
        names, emails = [str(facts["author"])], [""]
    extras = _table(facts, "extras_require").values()
    return {
        "name": facts.get("name"),
        "version": facts.get("version"),
        "entry_points": facts.get("entry_points"),
        "description": facts.get("description"),
        "author": _choose_author(zip(names, emails, strict=False)),
        "licenses": _list_licenses(facts.get("license"), _lines(facts.get("classifiers"))),
        "python": facts.get("python_requires"),
        "url": facts.get("url"),
        "requirements": _lines(facts.get("install_requires")),
        "further": [line for extra in extras for line in _lines(extra)],
    }


def _choose_author(authors: Iterable[tuple[str, str]]) -> tuple[str, str] | None:
    """Return the first author with a name and an email address, or else the first."""
    found = [(one_line(name), one_line(email)) for name, email in authors if name or email]
    return next((author for author in found if all(author)), found[0] if found else None)


def _list_licenses(declared: Any, classifiers: Iterable[str]) -> list[str]:
    """List the licenses of a field, if it is text, and of trove classifiers."""
    named = [line.rpartition(" :: ")[2] for line in classifiers if line.startswith("License ::")]
    return [declared, *named] if declared and isinstance(declared, str) else named


def _name_required(texts: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Map the distributions in lists of requirements to the first file that has them."""
    named = re.compile(r"^[ \t]*(?:- +)?[\"']?(?:[\w-]+::)?([A-Za-z][A-Za-z0-9._-]*)", re.M)
    channels = re.compile(r"^channels:\n(?:[ \t]*- .*\n)*", re.M)  # One of conda's is pytorch.
    found: dict[str, str] = {}
    for origin, text in texts:
        for name in named.findall(channels.sub("", text)):
            found.setdefault(re.sub(r"[-_.]+", "-", name).lower(), origin)
    return found


def _lines(value: Any) -> list[str]:
    """Return the lines of a list that setuptools also accepts as text."""
    return value.splitlines() if isinstance(value, str) else list(value or [])


def one_line(text: object) -> str:
    """Write a text into one line. Pure."""
    return " ".join(str(text).split())


def _find_url(urls: dict[str, str]) -> str:
    labels = {label.lower(): address for label, address in urls.items()}
    wanted = ("repository", "source", "source code", "github", "homepage")
    return next((labels[label] for label in wanted if label in labels), "")


def _table(parent: dict[str, Any], name: str) -> dict[str, Any]:
    found = parent.get(name)
    return found if isinstance(found, dict) else {}
