"""The files of a project, each read as its format is read."""

import ast
import json
import re
import tomllib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

COMMANDS = re.compile(
    "(ARG|CMD|COPY|ENTRYPOINT|ENV|EXPOSE|FROM|HEALTHCHECK|RUN|STOPSIGNAL|USER|WORKDIR) "
)

Put = Callable[[str], str]
Files = dict[str, Any]


class _AnyTag(yaml.SafeLoader):
    """Reads what MkDocs' and GitLab's own tags hold."""


_AnyTag.add_multi_constructor("", lambda _, tag, node: [tag, yaml.serialize(node)])


def read_instructions(text: str) -> list[str]:
    """Take a Dockerfile apart, and check that each instruction is one."""
    joined = re.sub(r"\\\n", " ", re.sub(r"^ *#.*\n", "", text, flags=re.M))
    rows = [line for line in joined.splitlines() if line.strip()]
    assert all(map(COMMANDS.match, rows))
    return rows


READERS: dict[str, Callable[[str], Any]] = {
    ".ipynb": json.loads,
    ".json": json.loads,
    ".py": lambda text: ast.dump(ast.parse(text)),
    ".toml": tomllib.loads,
    ".yaml": lambda text: yaml.load(text, _AnyTag),
    ".yml": lambda text: yaml.load(text, _AnyTag),
    "Dockerfile": read_instructions,
}


@lru_cache(maxsize=1000)
def decode(kind: str, text: str) -> Any:
    """Read a file as its format is read; most are the same in most projects."""
    return READERS.get(kind, str)(text)


def read(project: Path) -> Files:
    """Read every file as its format is read, and count its lines: no text makes one more."""
    found = {}
    for path in (path for path in project.rglob("*") if path.is_file()):
        text = path.read_bytes().decode()
        n_lines = 0 if path.name == ".copier-answers.yml" else text.count("\n")  # That one folds.
        found[str(path.relative_to(project))] = [n_lines, decode(path.suffix or path.name, text)]
    return found


def put(content: Any, change: Put) -> Any:
    """Change every string of a content, and of its keys."""
    if isinstance(content, str):
        return change(content)
    if isinstance(content, dict):
        return {put(key, change): put(value, change) for key, value in content.items()}
    if isinstance(content, list):
        return [put(value, change) for value in content]
    return content
