"""Every transcript in a project's documentation is true: here its commands are typed again."""

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import copy
from owner import ALONE, Project, find_uv, owner_environment

pytestmark = pytest.mark.slow

BLOCK = re.compile(r"^```console\n(.*?)^```$", re.M | re.S)
COMMAND = re.compile(r'^\$ ((?:"[^"]*"|[^"\n])+)\n', re.M)
"""A line that begins with a dollar; what stands in quotes may have lines of its own."""

FIRST = [
    "index.md",
    *(f"how-to/{name}.md" for name in ("train", "evaluate", "predict", "settings", "promote")),
]
"""Pages whose transcripts come first, in this order: later ones use what they create."""

LAST = ["how-to/own-data.md"]
"""Pages that bring another table: what comes before is about the example."""

VARYING = re.compile(
    r"\d{4}-\d\d-\d\dT[\d:.+]+"  # a moment
    r"|\b[0-9a-f]{16,64}\b"  # a digest
    r"|\d+(\.\d+)+(e-\d+)?"  # a score, a time, a version
    r"|(?<=127\.0\.0\.1:)\d+"  # a port
)
"""What may differ. Whole numbers may not: versions of models, rows, steps."""

OF_THE_MACHINE = re.compile(
    r'^(\w+ +(platform|C library|driver|GPU|CUDA toolkit) .*|note: .*| +"(system|driver)": .*)\n',
    re.M,
)
START_S = 120
"""Time that a service has to start."""


def settle(text: str) -> str:
    """Leave out what differs from one replay to the next, and from machine to machine."""
    text = OF_THE_MACHINE.sub("", f"{text.rstrip()}\n")
    return re.sub(r" +", " ", VARYING.sub("#", text))


def agree(expected: str, found: str) -> bool:
    """Compare with a transcript, where dots stand for anything: lines, or a part of one."""
    lines = settle(expected).splitlines()
    patterns = (
        r"(.*\n)*?" if line == "..." else ".*".join(map(re.escape, line.split("..."))) + r"\n"
        for line in lines
    )
    return bool(re.fullmatch("".join(patterns), settle(found)))


def transcripts(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Give page, command and output of each transcript: first the core's, then the parts'."""
    docs = folder / "docs"
    pages = [path.relative_to(docs).as_posix() for path in docs.rglob("*.md")]
    for page in sorted(pages, key=lambda page: (page in LAST, [*FIRST, page].index(page), page)):
        for block in BLOCK.findall((docs / page).read_text(encoding="utf-8")):
            before, *typed = COMMAND.split(block)
            assert not before, f"{page}: {before!r} comes before a command"
            for command, output in zip(typed[::2], typed[1::2], strict=True):
                yield page, command, output


class Terminals:
    """What types commands: each ends before the next one, except a service."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._log = project.folder / "service.log"
        self._service: subprocess.Popen[bytes] | None = None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = str(free.getsockname()[1])

    def type_in(self, command: str, expected: str) -> str:
        """Return what a command prints; a service goes on when it has printed what is expected."""
        is_service = command.endswith(" serve")
        command = f"{command} --port 8000" if is_service else command
        shell = ["bash", "-c", command.replace("8000", self._port)]
        environment = owner_environment() | self._project.environment
        if not is_service:
            done = subprocess.run(
                shell,
                cwd=self._project.folder,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                check=False,
            )
            return done.stdout
        with self._log.open("w") as log:
            self._service = subprocess.Popen(
                shell,
                cwd=self._project.folder,
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        end = time.monotonic() + START_S
        while not agree(expected, found := self._log.read_text(encoding="utf-8")):
            if time.monotonic() > end or self._service.poll() is not None:
                break
            time.sleep(0.1)
        return found

    def close(self) -> None:
        if self._service:
            os.killpg(self._service.pid, signal.SIGTERM)
            self._service.wait()


def unmentioned(project: Project) -> set[str]:
    """Name the commands that no page shows."""
    pages = [project.folder / "README.md", *project.folder.glob("docs/**/*.md")]
    text = "".join(path.read_text(encoding="utf-8") for path in pages)
    commands = re.findall(r"^  (\w+(?: \w+)?)  +\S", project.command("--help"), re.M)
    assert {"train", "environment restore"} <= {*commands}
    return {
        name
        for name in commands
        if not re.search(rf"{project.name} {name}\b|^\| `{name}` \|", text, re.M)
    }


def test_all_transcripts_are_true(snapshot: Path, tmp_path: Path) -> None:
    copy(snapshot, tmp_path / "project", {"profile": "everything"}, tasks=True, UV=find_uv())
    project = Project(tmp_path / "project", UV_NO_SYNC="1", **ALONE)
    project.uv("sync", "--locked")
    typed = list(transcripts(project.folder))
    assert typed
    assert not unmentioned(project)

    terminals = Terminals(project)
    untrue = []
    try:
        for page, command, expected in typed:
            found = terminals.type_in(command, expected)
            if not agree(expected, found):
                untrue.append(f"{page}: $ {command}\nexpected:\n{expected}\nfound:\n{found}")
    finally:
        terminals.close()
    assert not untrue, "\n\n".join(untrue)
