"""How other people's checkers are called: each once, for many files."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from conftest import ROOT, git

HERE = Path(__file__).parent


class Linter(NamedTuple):
    """A checker, which ends with another status than 0 if it finds something."""

    command: list[str]
    """Program and options; the files follow."""

    reads: str
    """Pattern of the paths of those files, from the root of a project."""

    file: str
    """Where to plant a fault, to see that the checker finds it."""

    fault: str
    """Content of that file."""

    says: str
    """What the checker prints about it."""


def find_tool(name: str) -> str:
    """Find a program of the development group."""
    found = shutil.which(name, path=Path(sys.executable).parent)
    assert found, f"needs {name}, which the development group installs"
    return found


def find_npx() -> str:
    """Find what runs packages of Node.js."""
    found = shutil.which("npx")
    assert found, "needs npx of Node.js 20 or newer: install nodejs and npm"
    return found


def rendered(renders: Path, reads: str) -> list[Path]:
    """Files of the renders in a folder that a checker reads, without what Git or uv put there."""
    found = (path for path in sorted(renders.rglob("*")) if path.is_file())
    names = {path: path.relative_to(renders).as_posix().partition("/")[2] for path in found}
    return [path for path, name in names.items() if re.fullmatch(reads, name)]


def ours(reads: str) -> list[Path]:
    """Files of this repository that a checker reads; templates are read where they are rendered."""
    listed = git("ls-files", "-z", "--cached", "--others", "--exclude-standard", folder=ROOT)
    names = (name for name in listed.split("\0") if re.fullmatch(reads, name))
    own = [name for name in names if not name.startswith(("template/", "variants/"))]
    return [ROOT / name for name in own if (ROOT / name).is_file()]


def run(linter: Linter, files: list[Path], folder: Path = ROOT) -> tuple[int, str]:
    """Run a checker over files; return its status and what it prints."""
    program, *options = linter.command
    done = subprocess.run(
        [program if "npx" in program else find_tool(program), *options, *map(str, files)],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    return done.returncode, done.stdout


def plant(linter: Linter, folder: Path) -> Path:
    """Write the fault that a checker must find."""
    path = folder / linter.file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(linter.fault, encoding="utf-8")
    return path
