"""Package indexes on loopback, and an owner's project that takes its packages from them.

``private`` is pypiserver with passwords, as companies run it. ``serving`` is a small index of our
own: it stands in for the public one, and misbehaves when it is told to. Wheels say whose they are.
"""

import base64
import hashlib
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
import tomllib
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import tomli_w

USER = "ada"
PASSWORD = "moth-in-relay-70"  # Not the token of any service: a scanner has nothing to find.
KNOWN = {"UV_INDEX_INTERNAL_USERNAME": USER, "UV_INDEX_INTERNAL_PASSWORD": PASSWORD}
BASIC = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
ADDRESS = "https://index.example.org"
"""Where the index of a render is said to be, until a server's address takes its place."""


@dataclass
class SmallIndex:
    """A small index and how it behaves, which a test may change while it serves."""

    folder: Path
    address: str = ""
    has_hashes: bool = True
    has_parts: bool = True
    """Whether it sends a part of a file; otherwise it sends all of it."""

    anonymous_status: int = 200
    """Status for who does not know the password; an index may hide itself behind 404."""

    status: int = 200
    """Status of every answer: if not 200, there is nothing else in it, and 0 is no answer."""


@contextmanager
def serving(folder: Path, **manners: Any) -> Iterator[SmallIndex]:
    """Serve the wheels of ``folder``: a package's page is below any path, as mirrors have many."""
    index = SmallIndex(folder, **manners)
    handler = type("Handler", (_Handler,), {"index": index, "is_over": threading.Event()})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        index.address = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield index
        finally:
            handler.is_over.set()
            server.shutdown()


class _Handler(BaseHTTPRequestHandler):
    index: SmallIndex
    is_over: threading.Event

    def log_message(self, *_: object) -> None:
        """Keep quiet."""

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        *_, place, name = self.path.strip("/").split("/")
        if not self.index.status:
            self.is_over.wait()
        elif self.index.status != 200:
            self._answer(self.index.status)
        elif (
            self.headers.get("Authorization") != f"Basic {BASIC}"
            and self.index.anonymous_status != 200
        ):
            self._answer(self.index.anonymous_status)
        elif place == "files":
            self._file(self.index.folder / name)
        else:
            self._page(sorted(self.index.folder.glob(f"{name.replace('-', '_')}-*.whl")))

    def _page(self, wheels: list[Path]) -> None:
        """List wheels. Uploads are old, since a cooldown would pass over new ones."""
        old = 'data-upload-time="2026-01-01T00:00:00Z"'
        links = [f'<a href="/files/{w.name}{self._hash(w)}" {old}>{w.name}</a>' for w in wheels]
        self._answer(200 if links else 404, "\n".join(links).encode())

    def _file(self, path: Path) -> None:
        """Send a file, or the part of it that is asked for; few mirrors have metadata beside it."""
        if not path.exists():
            return self._answer(404)
        part = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        if not part or not self.index.has_parts:
            return self._answer(200, path.read_bytes())
        return self._answer(206, path.read_bytes()[int(part[1]) : int(part[2]) + 1])

    def _hash(self, wheel: Path) -> str:
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        return f"#sha256={digest}" if self.index.has_hashes else ""

    def _answer(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        if status == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="wheels"')
        self.end_headers()
        self.wfile.write(b"" if self.command == "HEAD" else body)


@contextmanager
def private(folder: Path, *, is_open: bool = False, is_mirror: bool = False) -> Iterator[str]:
    """Serve the wheels of ``folder`` with pypiserver and give its address.

    It asks for the user's password unless it is open. A mirror sends on to the public index for
    what it does not have. Its imports warn on Python 3.11, and a warning is an error here: it has a
    process of its own. There it lets more than 5 clients wait: uv asks with 50 at once, and the
    system would let each that is turned away try again seconds later.
    """
    folder.mkdir(exist_ok=True)
    passwords = folder.with_name("htpasswd")
    digest = base64.b64encode(hashlib.sha1(PASSWORD.encode()).digest()).decode()
    passwords.write_text(f"{USER}:{{SHA}}{digest}\n")  # The one scheme that needs no bcrypt.
    options = ["--authenticate=list,download,update", f"--passwords={passwords}"]
    if is_open:
        options = ["--authenticate=.", "--passwords=."]
    if not is_mirror:
        options.append("--disable-fallback")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    start = (
        "import socketserver; socketserver.TCPServer.request_queue_size = 128; "
        "from pypiserver.__main__ import main; main()"
    )
    command = [sys.executable, "-c", start, "run", "--server=wsgiref", *options]
    command += ["--interface=127.0.0.1", f"--port={port}", "--hash-algo=sha256", str(folder)]
    log = folder.with_name("pypiserver.log")  # An unread pipe would fill up.
    with log.open("wb") as told, subprocess.Popen(command, stdout=told, stderr=told) as server:
        try:
            _wait(f"http://127.0.0.1:{port}/health", server, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def _wait(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    late = time.monotonic() + 30.0
    while time.monotonic() < late and server.poll() is None:
        try:
            return urllib.request.urlopen(url, timeout=1).close()
        except urllib.error.URLError:
            time.sleep(0.05)
    pytest.fail(f"needs pypiserver and passlib, and to start in 30 s: {log.read_text()[-300:]}")


def write_wheel(
    folder: Path, name: str, version: str, *requires: str, owner: str = "us", says: str = ""
) -> Path:
    """Write a wheel of one module, whose ``OWNER`` says who made it; ``says`` is more metadata."""
    module = name.replace("-", "_")
    info = f"{module}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\n{says}"
    files = {
        f"{module}.py": f"OWNER = {owner!r}\n",
        f"{info}/METADATA": metadata + "".join(f"Requires-Dist: {line}\n" for line in requires),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in [*files, f"{info}/RECORD"])
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / f"{module}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in files.items():
            archive.writestr(zipfile.ZipInfo(path, (2026, 1, 1, 0, 0, 0)), text)
    return wheel


def tool_uv(render: Callable[[dict[str, Any]], Path], address: str, **answers: str) -> Any:
    """Read ``[tool.uv]`` as the template writes it, with its index at a server's address."""
    asked = {"package_index": "private", "package_index_auth": "token"} | answers
    folder = render(asked | {"package_index_url": f"{ADDRESS}/simple"})
    text = (folder / "pyproject.toml").read_text(encoding="utf-8")
    return tomllib.loads(text.replace(ADDRESS, address))["tool"]["uv"]


class Project:
    """A small project with a ``[tool.uv]``, in a folder beside its owner's home and cache."""

    def __init__(self, place: Path, uv: Any, *requires: str, name: str = "churn") -> None:
        self.folder, self.place = place / name, place
        self.within: list[str] = []  # A command that runs uv.
        module = self.folder / "src" / name / "__init__.py"
        module.parent.mkdir(parents=True)
        module.write_text("")
        project = {"name": name, "version": "0.1.0", "requires-python": ">=3.11"}
        build = {"requires": ["uv_build>=0.13,<0.14"], "build-backend": "uv_build"}
        table = {"project": project | {"dependencies": requires}, "build-system": build}
        (self.folder / "pyproject.toml").write_text(tomli_w.dumps(table | {"tool": {"uv": uv}}))

    def uv(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run uv with these variables, and no other that could tell it of an index or password."""
        program = os.environ.get("UV") or shutil.which("uv") or pytest.fail("needs uv on PATH")
        owner = {"PATH": os.environ["PATH"], "HOME": str(self.place / "home")}
        owner |= {"UV_CACHE_DIR": str(self.place / "cache"), "UV_HTTP_RETRIES": "0"}
        owner |= {"UV_PYTHON": sys.executable, "UV_PYTHON_DOWNLOADS": "never"}
        facts = {"cwd": self.folder, "env": owner | variables, "encoding": "utf-8"}
        command = [*self.within, program, *arguments]
        return subprocess.run(command, **facts, capture_output=True, check=False)

    def locked(self) -> dict[str, str]:
        """Map each package in the lock, other than the project, to its version."""
        lock = tomllib.loads((self.folder / "uv.lock").read_text(encoding="utf-8"))
        packages = {package["name"]: package["version"] for package in lock["package"]}
        return {name: packages[name] for name in packages.keys() - {self.folder.name}}
