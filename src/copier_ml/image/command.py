"""The command ``image``: build an image of the project in this folder, name it and label it.

Its standard output is the image's names; the engine tells the rest on standard error. The image is
tagged when all of it is done, so a build that fails leaves nothing that could be run.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from argparse import REMAINDER, Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from copier_ml.shared.project import ANSWERS_FILE, parse_answers

MODEL = Path("export/model")
"""Where the target `serve-model` expects the model."""

REASON = re.compile(r"(?:^|\s)(?:error|cause): (.+)")
"""How uv begins the lines that say what went wrong, and of what that came."""

PODMAN = ["--format=docker", "--timestamp=0"]
"""Options of podman. OCI's format has no health check; and a time is given to each file as well, so
one that changed with every commit would make every layer anew."""


def run(args: Namespace) -> None:
    """Build a container image of the project in this folder and print its tags."""
    target: str = args.target
    options: list[str] = args.options
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    accelerator = os.environ.get("ACCELERATOR", "cpu")
    builds = [name for name in ("cpu", "cuda") if name in project.get("optional-dependencies", {})]
    if accelerator not in (builds or ["cpu"]):
        _stop(f"ACCELERATOR={accelerator}: the project has {' and '.join(builds) or 'cpu'} alone")
    engine = _find_engine()
    if builds:
        options.append(f"--build-arg=ACCELERATOR={accelerator}")
    built = f"{project['name']}/{target}:unlabelled"
    _build(engine, target, built, options)
    try:
        asks = target != "tracking" and not _has_own_code()
        fingerprint = _fingerprint(engine, built) if asks else ""
        names = _names(project, target, accelerator, fingerprint)
        _label(engine, built, _labels(project, fingerprint), names)
    finally:
        _call([engine, "rmi", "--no-prune", built], stdout=subprocess.DEVNULL)
    print("\n".join(names))


def add_options(add: Callable[..., Any]) -> None:
    """Declare the options of the command."""
    add("target", choices=["serve", "serve-model", "tracking", "train"])
    # REMAINDER: they begin with dashes.
    add("options", nargs=REMAINDER, metavar="...", help="options of the engine, such as --no-cache")


def _has_own_code() -> bool:
    """Tell whether the project's code is the owner's, which has no command that is asked."""
    answers = Path(ANSWERS_FILE)
    text = answers.read_bytes() if answers.is_file() else b""
    return parse_answers(text, Path()).get("code") == "own" if text else False


def _fingerprint(engine: str, image: str) -> str:
    """Ask an image which packages, Python and system it computes with."""
    output = _call([engine, "run", "--rm", image, "environment"], stdout=subprocess.PIPE)
    return str(json.loads(output)["fingerprint"])


def _labels(project: dict[str, Any], fingerprint: str) -> dict[str, str]:
    """Say where an image comes from, and what it computes with."""
    changed = "-dirty" if _git("status", "--porcelain") else ""
    return {
        "org.opencontainers.image.source": project.get("urls", {}).get("Repository", ""),
        "org.opencontainers.image.revision": _git("rev-parse", "HEAD") + changed,
        "org.opencontainers.image.version": _version(project),
        "ml.environment.fingerprint": fingerprint,
    }


def _names(project: dict[str, Any], target: str, accelerator: str, fingerprint: str) -> list[str]:
    """Name an image by its version, or by those of the model and the environment in it."""
    if target != "serve-model":
        name = f"{project['name']}/{target}:{_version(project)}"
        return [name, f"{name}-{accelerator}"]
    lines = (MODEL / "registered_model_meta").read_text(encoding="utf-8").splitlines()
    meta = dict(line.split(": ", 1) for line in lines)
    model = f"{meta['model_name'].lower()}-{meta['model_version']}".replace("'", "")
    return [f"{project['name']}/serve:{model}-{fingerprint}"]


def _version(project: dict[str, Any]) -> str:
    """Take the version in pyproject.toml; where it is dynamic, the commit."""
    return str(project.get("version") or _git("rev-parse", "--short", "HEAD"))


def _build(engine: str, target: str, name: str, options: list[str]) -> None:
    """Build a target; two builds of a commit are the same to the bit."""
    netrc = Path(os.environ.get("NETRC", Path.home() / ".netrc"))
    if netrc.is_file():
        options = [*options, f"--secret=id=netrc,src={netrc}"]
    if engine == "podman":
        options = [*options, *PODMAN]
    command = [engine, "build", f"--target={target}", f"--tag={name}", *options, "."]
    seen: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    seen |= {"encoding": "utf-8", "env": _dated()}
    with subprocess.Popen(command, **seen) as building:
        lines = [_pass_on(line) for line in building.stdout or ()]
    if building.returncode:
        reasons = [found[1] for line in lines if (found := REASON.search(line))] or ["see above"]
        why = ": ".join(dict.fromkeys([reasons[0], reasons[-1]]))
        _stop(f"'{engine} build' of {target!r} failed, and no image was tagged: {why}")


def _pass_on(line: str) -> str:
    print(line, end="", file=sys.stderr, flush=True)
    return line


def _label(engine: str, built: str, labels: dict[str, str], names: list[str]) -> None:
    """Label an image and name it: in a build of its own, since podman's cache knows no labels."""
    lines = [f"LABEL {json.dumps(name)}={json.dumps(text)}" for name, text in labels.items()]
    options = [f"--tag={name}" for name in names] + (PODMAN if engine == "podman" else [])
    text = "\n".join([f"FROM {built}", *lines])
    _call([engine, "build", *options, "-"], input=text, env=_dated(), stdout=sys.stderr)


def _dated() -> dict[str, str]:
    """Add the time of the commit to the environment, which Docker gives to an image."""
    return os.environ | {"SOURCE_DATE_EPOCH": _git("log", "-1", "--format=%ct")}


def _find_engine() -> str:
    """Find what builds images; CONTAINER_ENGINE decides where there are two."""
    wanted = os.environ.get("CONTAINER_ENGINE")
    found = [name for name in ([wanted] if wanted else ["docker", "podman"]) if shutil.which(name)]
    if not found:
        _stop(f"needs {wanted or 'Docker or podman'} on PATH")
    return found[0]


def _git(*arguments: str) -> str:
    return _call(["git", *arguments], stdout=subprocess.PIPE).strip()


def _call(command: list[str], **facts: Any) -> str:
    """Run a command; if it fails, it has said why itself."""
    done = subprocess.run(command, encoding="utf-8", check=False, **facts)
    if done.returncode:
        _stop(f"'{' '.join(command[:3])}' failed, see above; no image was tagged")
    return done.stdout or ""


def _stop(message: str) -> NoReturn:
    raise SystemExit(f"image: {message}")
