"""The command ``sbom``: write a CycloneDX SBOM for each wheel variant in the lockfile.

uv writes it, without checking the lockfile, which could run a build backend. The random serial
number and the time are replaced by a hash of the contents and the commit's time, so a commit always
gives the same bytes.
"""

import hashlib
import json
import os
import subprocess
import tomllib
import uuid
from argparse import Namespace
from contextlib import chdir
from datetime import UTC, datetime
from pathlib import Path

from copier_ml.shared import options

FOLDER = Path("export")
EXPORT = "export --frozen --no-dev --format cyclonedx1.5 --preview-features sbom-export"


def run(args: Namespace) -> None:
    """Write an SBOM of each wheel variant (CPU, CUDA) to the project's folder export."""
    with chdir(args.project):
        _write()


def add_options(add: options.Add) -> None:
    """Declare the options of the command."""
    options.add_project(add)


def _write() -> None:
    """Write the files and print their paths."""
    pyproject = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))
    extras = pyproject["project"].get("optional-dependencies", {})
    parts = [name for name in extras if name not in ("cpu", "cuda")]
    FOLDER.mkdir(exist_ok=True)
    for build in [name for name in ("cpu", "cuda") if name in extras] or [""]:
        chosen = [*parts, build] if build else parts
        text = normalize(_call(_uv(), *EXPORT.split(), *(f"--extra={name}" for name in chosen)))
        path = FOLDER / f"sbom{f'-{build}' if build else ''}.cdx.json"
        path.write_text(text, encoding="utf-8", newline="\n")
        print(path.as_posix())


def normalize(exported: str) -> str:
    """Replace serial number and time of an SBOM by reproducible ones."""
    document = json.loads(exported)
    document["metadata"]["timestamp"] = _time()
    del document["serialNumber"]
    digest = hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()
    document["serialNumber"] = uuid.uuid5(uuid.NAMESPACE_OID, digest).urn
    return json.dumps(document, indent=2) + "\n"


def _time() -> str:
    """Return SOURCE_DATE_EPOCH or the time of the last commit in CycloneDX's format."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH") or _call("git", "log", "-1", "--format=%ct")
    return datetime.fromtimestamp(int(epoch), UTC).isoformat().replace("+00:00", "Z")


def _uv() -> str:
    return os.environ.get("UV", "uv")  # Set by `uv run`.


def _call(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, check=False, encoding="utf-8")
    if done.returncode:
        reason = " ".join((done.stderr.partition("error: ")[2] or done.stderr).split())[:300]
        raise SystemExit(f"sbom: '{Path(command[0]).stem} {command[1]}' failed: {reason}")
    return done.stdout
