"""Move, add and remove keys in the owner's files, and report what an update may not edit."""

import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import toml_lines
import yaml
import yaml_lines
from project import Project, git_or_none, inside, report

Keys = tuple[str, ...]


def move_setting(project: Project, old: str, new: str) -> None:
    """Rename a setting in config/, and report variables with its old name."""
    for path in _config_files():
        move_key(path, old, new)
    before, after = (project.fill("{package_name}_" + it).upper() for it in (old, new))
    if "." in old + new:
        return  # A table is JSON in one variable.
    for name in _list_mentions(before):
        report(f"{name} has {before}, which is now {after}: rename it")


def remove_setting(project: Project, name: str) -> None:
    """Remove a setting from config/, and report variables with its name."""
    for path in _config_files():
        _rewrite(path, lambda text: remove(text, (name,)), f"remove {name}")
    variable = project.fill("{package_name}_" + name).upper()
    for path in _list_mentions(variable):
        report(f"{path} has {variable}, which is no longer a setting: remove it")


def add_setting(file: str, lines: str) -> None:
    """Append the lines of a setting to a file without it."""
    _rewrite(file, lambda text: add(text, lines), f"add {' '.join(lines.split())}")


def move_key(file: str, old: str, new: str) -> None:
    """Move a key in a file, with its comments, or report that the owner must do it."""
    keys = tuple(old.split(".")), tuple(new.split("."))
    is_toml = file.endswith(".toml")
    if Path(file).is_file():
        _rewrite(file, lambda text: move(text, *keys, is_toml=is_toml), f"move {old} to {new}")


def _config_files() -> list[str]:
    found = (*Path("config").glob("*.yaml"), *Path("config").glob("*.yml"))
    return sorted(path.as_posix() for path in found)


def _rewrite(file: str, change: Callable[[str], str], what: str) -> None:
    """Change the text of a file, or report that the owner must do it."""
    try:
        path = inside(file)
        text = path.read_bytes().decode(errors="surrogateescape") if path.is_file() else ""
        changed = change(text)
    except (OSError, ValueError) as error:
        report(f"{file}: {what} by hand, because {error}")
        return
    if changed != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(changed.encode(errors="surrogateescape"))


def move(text: str, old: Keys, new: Keys, *, is_toml: bool) -> str:
    """Move a key in a text, by its lines. Moving twice changes nothing.

    Raises:
        ValueError: If the result would not be exactly that, when it is read back.
    """
    load: Callable[[str], Any] = tomllib.loads if is_toml else yaml.safe_load
    wanted = _load(text, load)
    if not isinstance(wanted, dict) or not _has(wanted, old):
        return text
    if _has(wanted, new):
        raise ValueError("it has both")
    _put(wanted, new, _take(wanted, old))
    lines = text.splitlines(keepends=True)
    edited = "".join((toml_lines if is_toml else yaml_lines).move(lines, old, new))
    return _checked(edited, wanted, load)


def remove(text: str, keys: Keys) -> str:
    """Remove a key from YAML.

    Raises:
        ValueError: As for ``move``.
    """
    wanted = _load(text, yaml.safe_load)
    if not isinstance(wanted, dict) or not _has(wanted, keys):
        return text
    _take(wanted, keys)
    edited = "".join(yaml_lines.remove(text.splitlines(keepends=True), keys))
    return _checked(edited, wanted, yaml.safe_load)


def add(text: str, lines: str) -> str:
    """Append lines of YAML to a text that has none of their keys.

    Raises:
        ValueError: As for ``move``.
    """
    had, new = _load(text, yaml.safe_load), yaml.safe_load(lines)
    if not isinstance(had, dict):
        raise ValueError("it has no settings")
    if had.keys() & new.keys():
        return text
    end = "\r\n" if "\r\n" in text else "\n"
    text = text if not text or text.endswith("\n") else text + end
    return _checked(text + lines.replace("\n", end), had | new, yaml.safe_load)


def _load(text: str, load: Callable[[str], Any]) -> Any:
    try:
        return load(text) or {}
    except (ValueError, yaml.YAMLError) as error:
        has_markers = re.search(r"^<{7} ", text, re.MULTILINE)
        raise ValueError("it has conflicts" if has_markers else "it cannot be read") from error


def _checked(edited: str, wanted: Any, load: Callable[[str], Any]) -> str:
    try:
        is_right = _prune(load(edited) or {}) == _prune(wanted)
    except (ValueError, yaml.YAMLError):
        is_right = False
    if not is_right:
        raise ValueError("its format is unusual")
    return edited


def _has(data: Any, keys: Keys) -> bool:
    for key in keys:
        if not isinstance(data, dict) or key not in data:
            return False
        data = data[key]
    return True


def _take(data: dict[str, Any], keys: Keys) -> Any:
    for key in keys[:-1]:
        data = data[key]
    return data.pop(keys[-1])


def _put(data: dict[str, Any], keys: Keys, value: Any) -> None:
    *tables, last = keys
    for key in tables:
        data = data.setdefault(key, {})
        if not isinstance(data, dict):
            raise ValueError(f"{key} is not a table there")
    data[last] = value


def _prune(data: Any) -> Any:
    """Remove empty tables, whose heading may remain."""
    if not isinstance(data, dict):
        return data
    pruned = {key: _prune(value) for key, value in data.items()}
    return {key: value for key, value in pruned.items() if value != {}}


def _list_mentions(variable: str) -> list[str]:
    """List files with a variable: tracked ones, and `.env`, which Git ignores."""
    grepped = git_or_none("grep", "--files-with-matches", "-z", "--word-regexp", variable) or b""
    env = Path(".env")
    is_set = env.is_file() and re.search(
        rf"\b{variable}\b", env.read_text(encoding="utf-8", errors="replace")
    )
    return sorted({*grepped.decode().split("\0")[:-1], *([".env"] if is_set else [])})
