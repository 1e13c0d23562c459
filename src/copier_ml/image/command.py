"""The command ``image``: build, tag and label an image of the project in the current folder.

Standard output has only the tags; the engine's output goes to standard error. The image is tagged
at the end, so a failed build leaves no image that could be run.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from argparse import REMAINDER, Namespace
from pathlib import Path
from typing import Any, NoReturn

from copier_ml.shared import options
from copier_ml.shared.project import ANSWERS_FILE, parse_answers

MODEL = Path("export/model")
"""Folder of the model for the target `serve-model`."""

REASON = re.compile(r"(?:^|\s)(?:error|cause): (.+)")
"""Lines in uv's output with an error or its cause."""

PODMAN = ["--format=docker", "--timestamp=0"]
"""Options of podman. The OCI format has no health check. A timestamp applies to each file, too, so
one that changes with every commit would invalidate every layer."""


def run(args: Namespace) -> None:
    """Build a container image of the project in this folder and print its tags."""
    target: str = args.target
    options: list[str] = args.options
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    accelerator = os.environ.get("ACCELERATOR", "cpu")
    builds = [name for name in ("cpu", "cuda") if name in project.get("optional-dependencies", {})]
    if accelerator not in (builds or ["cpu"]):
        _stop(f"ACCELERATOR={accelerator}: the project only has {' and '.join(builds) or 'cpu'}")
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


def add_options(add: options.Add) -> None:
    """Declare the options of the command."""
    add("target", choices=["serve", "serve-model", "tracking", "train"])
    # REMAINDER: they begin with dashes.
    add(
        "options",
        nargs=REMAINDER,
        metavar="...",
        help="build options of the engine, such as --no-cache",
    )


def _has_own_code() -> bool:
    """Check whether the project's code is the owner's, which has no command ``environment``."""
    answers = Path(ANSWERS_FILE)
    text = answers.read_bytes() if answers.is_file() else b""
    return parse_answers(text, Path()).get("code") == "own" if text else False


def _fingerprint(engine: str, image: str) -> str:
    """Return the fingerprint of an image's packages, Python and system."""
    output = _call([engine, "run", "--rm", image, "environment"], stdout=subprocess.PIPE)
    return str(json.loads(output)["fingerprint"])


def _labels(project: dict[str, Any], fingerprint: str) -> dict[str, str]:
    """Return the labels with an image's source and environment."""
    changed = "-dirty" if _git("status", "--porcelain") else ""
    return {
        "org.opencontainers.image.source": project.get("urls", {}).get("Repository", ""),
        "org.opencontainers.image.revision": _git("rev-parse", "HEAD") + changed,
        "org.opencontainers.image.version": _version(project),
        "ml.environment.fingerprint": fingerprint,
    }


def _names(project: dict[str, Any], target: str, accelerator: str, fingerprint: str) -> list[str]:
    """Return an image's tags, by the project's version, or by its model and environment."""
    if target != "serve-model":
        name = f"{project['name']}/{target}:{_version(project)}"
        return [name, f"{name}-{accelerator}"]
    lines = (MODEL / "registered_model_meta").read_text(encoding="utf-8").splitlines()
    meta = dict(line.split(": ", 1) for line in lines)
    model = f"{meta['model_name'].lower()}-{meta['model_version']}".replace("'", "")
    return [f"{project['name']}/serve:{model}-{fingerprint}"]


def _version(project: dict[str, Any]) -> str:
    """Return the version in pyproject.toml, or the commit if it is dynamic."""
    return str(project.get("version") or _git("rev-parse", "--short", "HEAD"))


def _build(engine: str, target: str, name: str, options: list[str]) -> None:
    """Build a target, reproducibly for each commit."""
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
    """Label and tag an image in a separate build, since podman's cache ignores labels."""
    lines = [f"LABEL {json.dumps(name)}={json.dumps(text)}" for name, text in labels.items()]
    options = [f"--tag={name}" for name in names] + (PODMAN if engine == "podman" else [])
    text = "\n".join([f"FROM {built}", *lines])
    _call([engine, "build", *options, "-"], input=text, env=_dated(), stdout=sys.stderr)


def _dated() -> dict[str, str]:
    """Return the environment with the commit's time, which Docker uses for images."""
    return os.environ | {"SOURCE_DATE_EPOCH": _git("log", "-1", "--format=%ct")}


def _find_engine() -> str:
    """Find Docker or podman; CONTAINER_ENGINE selects one."""
    wanted = os.environ.get("CONTAINER_ENGINE")
    found = [name for name in ([wanted] if wanted else ["docker", "podman"]) if shutil.which(name)]
    if not found:
        _stop(f"{wanted or 'Docker or podman'} is not on PATH; install it")
    return found[0]


def _git(*arguments: str) -> str:
    return _call(["git", *arguments], stdout=subprocess.PIPE).strip()


def _call(command: list[str], **facts: Any) -> str:
    """Run a command that prints its own errors."""
    done = subprocess.run(command, encoding="utf-8", check=False, **facts)
    if done.returncode:
        _stop(f"'{' '.join(command[:3])}' failed, see above; no image was tagged")
    return done.stdout or ""


def _stop(message: str) -> NoReturn:
    raise SystemExit(f"image: {message}")
