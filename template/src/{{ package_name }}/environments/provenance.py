"""Compare and restore the environments of trainings."""

import json
import shlex
import tomllib
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory
from typing import Any

import mlflow

from .. import tracking
from ..environment import Environment
from ..errors import UserError
from ..settings import Options

FOLDER = Path("environments")


def diff(one: str, other: str, settings: Options) -> list[str]:
    """List the differences between the environments of two models, runs or files.

    A line has a name, then its two values.

    Raises:
        UserError: If there is no such model, run or file, or it has no environment.
    """
    found = [_find(place, settings) for place in (one, other)]
    first, second = ({**facts, **facts["packages"]} for facts in found)
    names = sorted((first.keys() | second.keys()) - {"packages", "fingerprint"})
    return [
        f"{name} {first.get(name) or 'none'}, {second.get(name) or 'none'}"
        for name in names
        if first.get(name) != second.get(name)
    ]


def restore(uri: str, settings: Options) -> str:
    """Write the lockfile of a model's training to a separate folder.

    Returns:
        The files, and the commands that install the environment, a line each.

    Raises:
        UserError: If there is no such model, or its run has no lockfile.
    """
    with tracking.connection(settings), TemporaryDirectory() as scratch:
        version = tracking.find(uri)
        trained_with = _find(version.uri, settings)
        address = f"runs:/{version.run_id}/environment"
        kept = Path(mlflow.artifacts.download_artifacts(address, dst_path=scratch))
        names = [name for name in tracking.LOCK_FILES if (kept / name).is_file()]
        if "uv.lock" not in names:
            raise UserError(f"{uri}: its run {version.run_id} has no uv.lock")
        folder = FOLDER / f"{version.name}-{version.number}"
        folder.mkdir(parents=True, exist_ok=True)
        written = [copyfile(kept / name, folder / name) for name in names]
    sync = ["uv", "sync", "--project", str(folder), "--locked", "--no-install-project", "--no-dev"]
    project = ["uv", "pip", "install", "--python", str(folder / ".venv"), "--no-deps"]
    commands = [[*sync, *choose_extra(folder, trained_with)], [*project, "--editable", "."]]
    return "\n".join([f"wrote {', '.join(map(str, written))}", *map(shlex.join, commands)])


def _find(place: str, settings: Options) -> Environment:
    found: Any
    if place.startswith(("models:/", "runs:/")):
        with tracking.connection(settings):
            if place.startswith("runs:/"):
                found = mlflow.artifacts.load_dict(f"{place}/environment/environment.json")
            else:
                found = tracking.metadata(place).get("environment")
    else:
        try:
            found = json.loads(Path(place).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise UserError(
                f"{place} is not an environment: {error}; use models:/..., runs:/... or a file"
            ) from None
    if not isinstance(found, dict) or not isinstance(found.get("packages"), dict):
        raise UserError(f"{place} has no environment with 'packages'")
    return found


def choose_extra(folder: Path, trained_with: Environment) -> list[str]:
    """Choose the extra of the framework's wheel variant, if the project has such extras."""
    has_cuda = any(
        name.startswith("nvidia-") or "cuda" in name or "+cu" in version
        for name, version in trained_with["packages"].items()
    )
    name, path = "cuda" if has_cuda else "cpu", folder / "pyproject.toml"
    project = tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    has_extra = name in project.get("project", {}).get("optional-dependencies", {})
    return ["--extra", name] if has_extra else []
