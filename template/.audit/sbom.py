"""Write a CycloneDX bill of materials for each build of the lock, for `just sbom`.

uv writes it. Its number and its time, which differ each time, become those of the contents and of
the commit: the same commit gives the same bytes.
"""

import hashlib
import json
import os
import subprocess
import tomllib
import uuid
from datetime import UTC, datetime
from pathlib import Path

FOLDER = Path("export")
EXPORT = "export --locked --no-dev --format cyclonedx1.5 --preview-features sbom-export"


def main() -> None:
    """Write the files, and print their names."""
    pyproject = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))
    extras = pyproject["project"].get("optional-dependencies", {})
    parts = [name for name in extras if name not in ("cpu", "cuda")]
    FOLDER.mkdir(exist_ok=True)
    for build in [name for name in ("cpu", "cuda") if name in extras] or [""]:
        chosen = [*parts, build] if build else parts
        text = normalize(_run(_uv(), *EXPORT.split(), *(f"--extra={name}" for name in chosen)))
        path = FOLDER / f"sbom{f'-{build}' if build else ''}.cdx.json"
        path.write_text(text, encoding="utf-8", newline="\n")
        print(path.as_posix())


def normalize(exported: str) -> str:
    """Give a bill the number of its contents, and the time of the commit."""
    bill = json.loads(exported)
    bill["metadata"]["timestamp"] = _time()
    del bill["serialNumber"]
    digest = hashlib.sha256(json.dumps(bill, sort_keys=True).encode()).hexdigest()
    bill["serialNumber"] = uuid.uuid5(uuid.NAMESPACE_OID, digest).urn
    return json.dumps(bill, indent=2) + "\n"


def _time() -> str:
    """Return SOURCE_DATE_EPOCH or the time of the last commit, as CycloneDX writes a time."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH") or _run("git", "log", "-1", "--format=%ct")
    return datetime.fromtimestamp(int(epoch), UTC).isoformat().replace("+00:00", "Z")


def _uv() -> str:
    return os.environ.get("UV", "uv")  # `uv run` names itself.


def _run(*command: str) -> str:
    done = subprocess.run(  # noqa: S603  (no shell)
        command, capture_output=True, check=False, encoding="utf-8"
    )
    if done.returncode:
        reason = " ".join((done.stderr.partition("error: ")[2] or done.stderr).split())[:300]
        raise SystemExit(f"sbom: '{Path(command[0]).stem} {command[1]}' failed: {reason}")
    return done.stdout


if __name__ == "__main__":
    main()
