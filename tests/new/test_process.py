"""The process of a command: closed and full outputs, and Ctrl-C while it begins."""

import os
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import IO

import pytest
from conftest import git
from updates import number, start

ONE = {f"{'long' * 50}_{n}.py": number(9) for n in range(50)}
"""Names enough to fill the buffer of an output more than once."""

TWO = {path: number(9, l1="theirs") for path in ONE}

INTERRUPTED = """\
import os, signal, sys
class Interrupting:
    def find_spec(self, name, *_):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupting())
from copier_ml.__main__ import main
sys.exit(main())
"""

IN_A_CLASS = """\
import sys
from copier_ml import cli
from copier_ml.__main__ import main
class Attribute:
    def __set_name__(self, *_):
        raise KeyboardInterrupt
def make_class():
    class Owner:
        attribute = Attribute()
cli.main = make_class
sys.exit(main())
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return start(tmp_path_factory.mktemp("process"), ONE, TWO)


def run(
    *command: str | Path, stdout: int | IO[str] | None = subprocess.PIPE, **environment: str
) -> tuple[int, str]:
    done = subprocess.run(
        command,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        check=False,
    )
    return done.returncode, done.stderr


def run_without_reader(*arguments: str | Path, **environment: str) -> tuple[int, str]:
    """Run a command whose output nothing reads; give its exit code and what it says of that."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        return run(sys.executable, "-m", "copier_ml", *arguments, stdout=writer, **environment)
    finally:
        os.close(writer)


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_may_leave(project: Path, unbuffered: str) -> None:
    preview = ("preview", project, "--trust")
    assert run_without_reader("--help", PYTHONUNBUFFERED=unbuffered) == (0, "")
    assert run_without_reader(*preview, PYTHONUNBUFFERED=unbuffered) == (0, "")


def test_an_update_lands_though_nothing_reads_about_it(tmp_path: Path) -> None:
    project = start(tmp_path, ONE, TWO)
    assert run_without_reader("update", project, "--trust", "--apply") == (0, "")
    assert (project / next(iter(ONE))).read_text() == number(9, l1="theirs")
    assert git("status", "--porcelain", folder=project) == ""


def test_an_output_may_be_closed(project: Path) -> None:
    closed = ("sh", "-c", 'exec "$@" >&-', "sh", sys.executable, "-m", "copier_ml")
    assert run(*closed, "preview", project, "--trust") == (0, "")
    assert run(*closed, "--help") == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_below_an_output_is_one_line(project: Path) -> None:
    with Path("/dev/full").open("w") as full:
        command = (sys.executable, "-m", "copier_ml", "preview", project, "--trust")
        code, told = run(*command, stdout=full)
    assert code == 2
    assert told.startswith("copier-ml: No space left on device: ")
    assert told.count("\n") == 1


@pytest.mark.parametrize(
    "module", ["copier_ml.cli", "argparse", "copier_ml.preview.command", "copier", "yaml"]
)
def test_ctrl_c_while_it_imports_is_one_line(project: Path, module: str) -> None:
    script = INTERRUPTED.format(module=module)
    told = run(sys.executable, "-c", script, "preview", project, "--trust")
    assert told == (130, "copier-ml: stopped\n")


def test_ctrl_c_while_a_class_is_created_is_one_line() -> None:
    assert run(sys.executable, "-c", IN_A_CLASS) == (130, "copier-ml: stopped\n")


def test_the_installed_command_catches_ctrl_c_too() -> None:
    (command,) = entry_points(group="console_scripts", name="copier-ml")
    assert command.value == "copier_ml.__main__:main"
