"""An imitation of the PyTorch wheel index, for machines that cannot reach it.

As a library: ``with serving(folder) as url`` builds stub wheels and serves them on loopback. As a
script: ``python tests/torch_index.py FOLDER`` serves until it is stopped.

What it keeps of the real index: a PEP 503 page a package under ``/whl/cpu``, ``/whl/cu126`` ...;
local version labels; files on a second host (here a second port); PEP 658 metadata, hashes and
upload times; 403 for what it does not hold. Stubs require what genuine wheels require, so a lock
is real up to torch itself. A genuine CPU wheel in a folder of ``PIP_FIND_LINKS`` replaces its stub,
so that one variant really trains.
"""

import argparse
import base64
import csv
import functools
import hashlib
import html
import io
import os
import re
import shutil
import threading
import urllib.parse
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COMMON = [
    "filelock",
    "typing-extensions>=4.10.0",
    "setuptools>=77.0.3",
    "sympy>=1.13.3",
    "networkx>=2.5.1",
    "jinja2",
    "fsspec>=0.8.5",
]
"""Requirements of every build of torch."""

BUILDS: dict[tuple[str, str], list[str]] = {
    ("2.13.0", "cpu"): [],
    ("2.14.1", "cpu"): [],
    ("2.15.0", "cpu"): [],
}
"""Version of torch and tag of the index, to the requirements beyond the common ones."""

PYTHONS = {"2.13.0": range(10, 15), "2.14.1": range(10, 15), "2.15.0": range(11, 16)}
"""Minor versions of CPython 3 that a release has wheels for."""

UPLOADED = {
    "2.13.0": "2026-07-08T16:04:07Z",
    "2.14.1": "2026-09-30T17:49:10Z",
    "2.15.0": "2026-10-28T15:17:10Z",
}
PLATFORMS = ["manylinux_2_28_x86_64", "manylinux_2_28_aarch64", "win_amd64", "macosx_14_0_arm64"]


@dataclass(frozen=True)
class Options:
    """How the index behaves; each of the three facts is missing from many mirrors."""

    auth: str = ""
    """``user:password`` that it asks for, by HTTP basic authentication."""

    has_hashes: bool = True
    has_metadata: bool = True
    has_upload_times: bool = True


def build(folder: Path) -> None:
    """Write the wheels of every build, Python and platform below ``folder``."""
    for (version, tag), requirements in BUILDS.items():
        for minor in PYTHONS[version]:
            for platform in PLATFORMS:
                _write_stub(
                    folder / tag, version, tag, f"cp3{minor}-cp3{minor}-{platform}", requirements
                )
    for place in os.environ.get("PIP_FIND_LINKS", "").split():
        for genuine in Path(place).glob("torch-*+cpu-*.whl"):
            _take_genuine(genuine, folder / "cpu" / genuine.name)


@contextmanager
def serving(folder: Path, options: Options = Options()) -> Iterator[str]:
    """Serve the wheels of ``folder``, built if it is missing, and give the index's base URL."""
    if not folder.exists():
        build(folder)
    facts = {"root": folder, "options": options}
    handler = type("Handler", (_Handler,), facts)  # One class a server: many may serve at once.
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), handler) for _ in range(2)]
    handler.files_port = servers[1].server_port
    threads = [threading.Thread(target=server.serve_forever, daemon=True) for server in servers]
    for thread in threads:
        thread.start()
    try:
        yield f"http://127.0.0.1:{servers[0].server_port}/whl"
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()


def _write_stub(
    folder: Path, version: str, tag: str, wheel_tag: str, requirements: list[str]
) -> None:
    """Write a wheel that says what it is, and requires what the genuine one does."""
    version += "" if "macosx" in wheel_tag else f"+{tag}"
    info = f"torch-{version}.dist-info"
    metadata = f"Metadata-Version: 2.4\nName: torch\nVersion: {version}\nRequires-Python: >=3.10\n"
    metadata += "".join(f"Requires-Dist: {line}\n" for line in [*COMMON, *requirements])
    files = {
        "torch/__init__.py": f"__version__ = {version!r}\n",
        f"{info}/METADATA": metadata,
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: {wheel_tag}\n",
    }
    record = io.StringIO()
    rows = csv.writer(record, lineterminator="\n")
    for path, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=")
        rows.writerow([path, f"sha256={digest.decode()}", len(text.encode())])
    rows.writerow([f"{info}/RECORD", "", ""])
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / f"torch-{version}-{wheel_tag}.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in (files | {f"{info}/RECORD": record.getvalue()}).items():
            archive.writestr(zipfile.ZipInfo(path, (2026, 1, 1, 0, 0, 0)), text)
    Path(f"{wheel}.metadata").write_text(metadata)


def _take_genuine(genuine: Path, stub: Path) -> None:
    shutil.copyfile(genuine, stub)
    with zipfile.ZipFile(genuine) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        Path(f"{stub}.metadata").write_bytes(archive.read(name))


@functools.cache
def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    root: Path
    options: Options
    files_port: int

    def log_message(self, *_: object) -> None:
        """Keep quiet."""

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        if self._is_stranger():
            return self._answer(401, b"", **{"WWW-Authenticate": 'Basic realm="wheels"'})
        path = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path)
        match path.strip("/").split("/"):
            case ["whl", tag, name] if name.endswith((".whl", ".metadata")):
                return self._file(self.root / tag / name)
            case ["whl", tag, "torch"] if (self.root / tag).is_dir():
                return self._page(tag)
        return self._answer(403, b"AccessDenied")

    def _is_stranger(self) -> bool:
        expected = "Basic " + base64.b64encode(self.options.auth.encode()).decode()
        return bool(self.options.auth) and self.headers.get("Authorization") != expected

    def _answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _page(self, tag: str) -> None:
        lines = [self._link(tag, wheel) for wheel in sorted((self.root / tag).glob("*.whl"))]
        body = "<!DOCTYPE html>\n<html><body>\n" + "\n".join(lines) + "\n</body></html>\n"
        self._answer(200, body.encode(), **{"Content-Type": "text/html"})

    def _link(self, tag: str, wheel: Path) -> str:
        link = f"http://127.0.0.1:{self.files_port}/whl/{tag}/{urllib.parse.quote(wheel.name)}"
        facts = ""
        if self.options.has_hashes:
            link += f"#sha256={_sha256(wheel)}"
        if self.options.has_metadata:
            facts += f' data-core-metadata="sha256={_sha256(Path(f"{wheel}.metadata"))}"'
        if self.options.has_upload_times:
            facts += f' data-upload-time="{UPLOADED[re.split("[-+]", wheel.name)[1]]}"'
        return f'<a href="{link}"{facts}>{html.escape(wheel.name)}</a><br/>'

    def _file(self, path: Path) -> None:
        if not path.is_file():
            return self._answer(403, b"AccessDenied")
        self.send_response(200)
        self.send_header("Content-Length", str(path.stat().st_size))
        self.end_headers()
        if self.command != "HEAD":
            with path.open("rb") as file:
                shutil.copyfileobj(file, self.wfile)
        return None


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--auth", default="", help="user:password that it asks for")
    given = parser.parse_args()
    with serving(given.folder, Options(auth=given.auth)) as url:
        print(url, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
