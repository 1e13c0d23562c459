"""The same answers give the same bytes, wherever, whenever and by whomever a project is made.

Modes follow the umask of the user who renders, like those of all files that git checks out:
Copier gives a file the mode that it has in the checkout of the template, and nothing else counts.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from conftest import ROOT, copy
from owner import find_python, find_uv, owner_environment
from space import Answers

ANSWERS: Answers = {
    "project_name": "Zoë's Modell 模型",
    "package_name": "zoe",
    "description": 'Sagt: "wer geht?" — 100 % sicher',
    "author_name": "Zoë Ångström",
    "repository_url": "https://github.com/zoe/modell",
    "framework": "pytorch",
    "python_version": "3.12",  # Its default is the Python that runs.
    "cuda_version": "13.0",
    "package_index": "private",
    "package_index_url": "https://packages.example.org/simple",
}

ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LANG": "C"}
"""Python would take UTF-8 for the locale C, unless it is told not to."""

Digests = dict[str, str]

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no umask and no locales")


class Machine:
    """The command line, with answers in a file and all that may not matter as it is told."""

    def __init__(self, template: Path, answers: Path) -> None:
        self._template = template
        self._answers = answers
        answers.write_text(yaml.safe_dump(ANSWERS, allow_unicode=True), encoding="utf-8")

    def new(
        self, folder: Path, *before: str, python: str = sys.executable, umask: int = -1, **env: str
    ) -> Digests:
        """Make a project, with a command before that of Python."""
        options = ("--defaults", "--quiet", "--skip-tasks", f"--data-file={self._answers}")
        source = f"--template={self._template}"
        given = ("copier_ml", "new", folder, source, *options)
        return self._run(before, python, *given, umask=umask, **env)

    def copy(self, folder: Path) -> Digests:
        """Make a project with plain Copier."""
        options = ("--trust", "--defaults", "--quiet", "--skip-tasks")
        given = (f"--data-file={self._answers}", self._template, folder)
        return self._run((), sys.executable, "copier", "copy", *options, *given)

    def _run(
        self,
        before: tuple[str, ...],
        python: str,
        module: str,
        subcommand: str,
        *arguments: str | Path,
        umask: int = -1,
        **environment: str,
    ) -> Digests:
        done = subprocess.run(
            [*before, python, "-m", module, subcommand, *arguments],
            env=owner_environment() | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            umask=umask,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        (made,) = (it for it in arguments if isinstance(it, Path) and it != self._template)
        return digests(made)


def digests(folder: Path) -> Digests:
    """Digest each file of a project."""
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in found
    }


def check(found: Digests, wanted: Digests) -> None:
    """Compare two projects, and name the first file that differs."""
    assert len(wanted) > 70
    for path in sorted(found.keys() | wanted.keys()):
        assert found.get(path) == wanted.get(path), f"{path} differs"


@pytest.fixture(scope="module")
def machine(snapshot: Path, tmp_path_factory: pytest.TempPathFactory) -> Machine:
    return Machine(snapshot, tmp_path_factory.mktemp("answers") / "answers.yml")


@pytest.fixture(scope="module")
def wanted(machine: Machine, tmp_path_factory: pytest.TempPathFactory) -> Digests:
    return machine.new(tmp_path_factory.mktemp("wanted") / "project", umask=0o022)


def test_the_folder_the_time_zone_and_the_hash_seed_do_not_matter(
    machine: Machine, wanted: Digests, tmp_path: Path
) -> None:
    folder = tmp_path / "ein Ordner" / "näher {{ x }}"
    check(machine.new(folder, TZ="Pacific/Kiritimati", PYTHONHASHSEED="77"), wanted)


@posix
def test_the_locale_does_not_matter(machine: Machine, wanted: Digests, tmp_path: Path) -> None:
    told = "import locale; print(locale.getencoding())"
    environment = os.environ | ASCII
    encoding = subprocess.check_output([sys.executable, "-c", told], env=environment, text=True)
    assert "utf" not in encoding.lower()
    check(machine.new(tmp_path / "ascii", **ASCII), wanted)
    listed = subprocess.run(["locale", "-a"], stdout=subprocess.PIPE, encoding="utf-8", check=True)
    found = [name for name in listed.stdout.split() if "iso8859" in name.lower().replace("-", "")]
    for name in found[:1]:  # Where the machine has a legacy one.
        check(machine.new(tmp_path / name, **ASCII | {"LC_ALL": name}), wanted)


@posix
def test_modes_follow_the_umask_and_nothing_else_does(
    machine: Machine, wanted: Digests, tmp_path: Path
) -> None:
    umask = 0o077
    check(machine.new(tmp_path / "project", umask=umask), wanted)
    for path in (tmp_path / "project").rglob("*"):
        mode = path.stat().st_mode & 0o777
        assert mode == (0o777 if path.is_dir() else 0o666) & ~umask, f"{path} has mode {mode:o}"


@posix
def test_the_user_does_not_matter(machine: Machine, wanted: Digests, tmp_path: Path) -> None:
    """Root becomes another user in a user namespace; others get another name and home."""
    home = tmp_path / "home"
    home.mkdir()
    become = ("unshare", "--user", "--map-user=12345", "--map-group=12345")
    before = become if os.geteuid() == 0 else ()
    if before and not (shutil.which("unshare") and not subprocess.call([*before, "true"])):
        pytest.fail("needs unshare and namespaces of users: allow them, or run without being root")
    names = {"HOME": str(home), "USER": "zoe", "LOGNAME": "zoe", "XDG_CONFIG_HOME": str(home / "c")}
    check(machine.new(tmp_path / "project", *before, **names), wanted)


def test_plain_copier_makes_the_same(machine: Machine, wanted: Digests, tmp_path: Path) -> None:
    check(machine.copy(tmp_path / "project"), wanted)


def test_what_tests_render_in_their_own_process_is_the_same(
    unpacked: Path, wanted: Digests, tmp_path: Path
) -> None:
    """It shares compiled templates, and has no repository to name in two of its files."""
    copy(unpacked, tmp_path / "before", {"framework": "jax"})
    found = digests(copy(unpacked, tmp_path / "project", ANSWERS))
    named = {".copier-answers.yml", "justfile"}
    assert all(found.pop(path) != wanted[path] for path in named)
    check(found, {path: digest for path, digest in wanted.items() if path not in named})


@pytest.mark.slow
@pytest.mark.parametrize("minor", ["3.11", "3.12", "3.13"])
def test_the_python_does_not_matter(
    machine: Machine, wanted: Digests, tmp_path: Path, minor: str
) -> None:
    isolated = ("run", "--quiet", "--isolated", "--no-dev", f"--project={ROOT}")
    uv = (find_uv(), *isolated, f"--python={find_python(minor)}")
    assert subprocess.check_output([*uv, "python", "-V"], text=True).startswith(f"Python {minor}.")
    check(machine.new(tmp_path / "project", *uv, python="python"), wanted)
