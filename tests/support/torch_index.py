"""An imitation of the PyTorch wheel index, for machines that cannot reach it.

As a library: ``with serving(folder) as url`` builds stub wheels and serves them on loopback. As a
script: ``python tests/support/torch_index.py FOLDER`` serves until it is stopped.

What it keeps of the real index: PEP 503 pages below ``/whl/cpu``, ``/whl/cu126`` ..., and below
``/whl`` those of all builds together; local version labels; files on a second host (here a second
port), by ranges too; PEP 658 metadata, hashes and upload times; 403 for what it does not hold.
"""

import argparse
import base64
import functools
import hashlib
import html
import json
import re
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from torch_builds import build

UPLOADED = {
    "0.28.0": "2026-07-08T16:04:07Z",
    "0.29.1": "2026-09-30T17:49:10Z",
    "0.29.2": "2026-10-28T15:21:31Z",
    "2.13.0": "2026-07-08T16:04:07Z",
    "2.14.1": "2026-09-30T17:49:10Z",
    "2.15.0": "2026-10-28T15:17:10Z",
}
"""When the genuine releases of torch and torchvision were uploaded; no other has a time here."""

TIME = 10
"""Place of the time in a zip file's first header; a wheel stays valid whatever it says."""


@dataclass(frozen=True)
class Options:
    """How the index behaves; each of the three facts is missing from many mirrors."""

    auth: str = ""
    """``user:password`` that it asks for, by HTTP basic authentication.

    Its files are then on the host of its pages, since a client signs no request to another host.
    """

    has_hashes: bool = True
    has_metadata: bool = True
    has_upload_times: bool = True
    port: int = 0
    """Port of the pages, and the one before that of the files; 0 takes two that are free."""

    log: Path | None = None
    """File that gets a line a request, for ``read_log``."""

    status: int = 200
    """Status of every page; if not 200, there is nothing else in it."""

    hang_s: float = 0
    """Time that a page takes to begin."""

    tampers: bool = False
    """Whether wheels, valid as they are, have other bytes than their hashes say."""


@dataclass(frozen=True)
class Request:
    """Requests to the index."""

    method: str
    url: str
    is_signed: bool
    """Whether it carried an ``Authorization`` header."""


def read_log(path: Path) -> list[Request]:
    """List the requests of a log, the oldest first."""
    return [Request(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]


class _Server(ThreadingHTTPServer):
    request_queue_size = 128
    """Clients that may wait: uv asks with 50 at once, and returns late where it is turned away."""


@contextmanager
def serving(folder: Path, options: Options = Options()) -> Iterator[str]:
    """Serve the wheels of ``folder``, built if it is missing, and give the index's base URL."""
    if not folder.exists():
        build(folder)
    facts = {"root": folder, "options": options, "is_over": threading.Event()}
    handler = type("Handler", (_Handler,), facts)  # One class a server: many may serve at once.
    ports = (options.port, options.port + 1) if options.port else (0, 0)
    servers = [_Server(("127.0.0.1", port), handler) for port in ports]
    handler.files_port = servers[0 if options.auth else 1].server_port
    for server in servers:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{servers[0].server_port}/whl"
    finally:
        handler.is_over.set()
        for server in servers:
            server.shutdown()
            server.server_close()


@functools.cache
def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    root: Path
    options: Options
    is_over: threading.Event
    files_port: int

    def log_message(self, *_: object) -> None:
        """Keep quiet."""

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        self._note()
        if self._is_anonymous():
            return self._answer(401, b"", **{"WWW-Authenticate": 'Basic realm="wheels"'})
        path = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path)
        match path.strip("/").split("/"):
            case ["whl", tag, name] if name.endswith((".whl", ".metadata")):
                return self._file(self.root / tag / name)
            case ["whl"]:
                return self._packages("*/*.whl")
            case ["whl", tag] if (self.root / tag).is_dir():
                return self._packages(f"{tag}/*.whl")
            case ["whl", package]:
                return self._links(f"*/{package}-*.whl")
            case ["whl", tag, package]:
                return self._links(f"{tag}/{package}-*.whl")
        return self._answer(403, b"AccessDenied")

    def _note(self) -> None:
        if self.options.log:
            url = f"http://{self.headers['Host']}{self.path}"
            request = Request(self.command, url, "Authorization" in self.headers)
            with self.options.log.open("a", encoding="utf-8") as log:
                log.write(json.dumps(asdict(request)) + "\n")

    def _is_anonymous(self) -> bool:
        expected = "Basic " + base64.b64encode(self.options.auth.encode()).decode()
        return bool(self.options.auth) and self.headers.get("Authorization") != expected

    def _answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _packages(self, pattern: str) -> None:
        names = sorted({wheel.name.split("-")[0] for wheel in self.root.glob(pattern)})
        self._page([f'<a href="{name}/">{name}</a><br/>' for name in names])

    def _links(self, pattern: str) -> None:
        self._page([self._link(wheel) for wheel in sorted(self.root.glob(pattern))])

    def _page(self, lines: list[str]) -> None:
        self.is_over.wait(self.options.hang_s)
        if self.options.status != 200:
            return self._answer(self.options.status, b"")
        if not lines:
            return self._answer(403, b"AccessDenied")
        body = "<!DOCTYPE html>\n<html><body>\n" + "\n".join(lines) + "\n</body></html>\n"
        return self._answer(200, body.encode(), **{"Content-Type": "text/html"})

    def _link(self, wheel: Path) -> str:
        path = urllib.parse.quote(f"/whl/{wheel.parent.name}/{wheel.name}")
        link = f"http://127.0.0.1:{self.files_port}{path}"
        facts = ""
        if self.options.has_hashes:
            link += f"#sha256={_sha256(wheel)}"
        metadata = Path(f"{wheel}.metadata")
        if self.options.has_metadata and metadata.exists():
            facts += f' data-core-metadata="sha256={_sha256(metadata)}"'
        uploaded = UPLOADED.get(re.split("[-+]", wheel.name)[1])
        if self.options.has_upload_times and uploaded:
            facts += f' data-upload-time="{uploaded}"'
        return f'<a href="{link}"{facts}>{html.escape(wheel.name)}</a><br/>'

    def _file(self, path: Path) -> None:
        if not path.is_file() or (path.suffix == ".metadata" and not self.options.has_metadata):
            return self._answer(403, b"AccessDenied")
        size = path.stat().st_size
        wanted = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range", ""))
        first, end, headers = 0, size, {"Accept-Ranges": "bytes"}
        if wanted and any(wanted.groups()):
            first = int(wanted[1]) if wanted[1] else max(0, size - int(wanted[2]))
            end = min(size, int(wanted[2]) + 1) if wanted[1] and wanted[2] else size
            headers["Content-Range"] = f"bytes {first}-{end - 1}/{size}"
        with path.open("rb") as file:
            file.seek(first)
            content = file.read(end - first)
        if self.options.tampers and path.suffix == ".whl" and first == 0:
            content = content[:TIME] + b"\1" + content[TIME + 1 :]
        return self._answer(206 if "Content-Range" in headers else 200, content, **headers)


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--port", type=int, default=0, help="of the pages; 0: one that is free")
    parser.add_argument("--auth", default="", metavar="USER:PASSWORD", help="that it asks for")
    parser.add_argument("--log", type=Path, help="file that gets a line a request")
    for name in ("hashes", "metadata", "upload-times"):
        words = {"action": "store_false", "dest": f"has_{name.replace('-', '_')}"}
        parser.add_argument(f"--no-{name}", **words, help="leave them out, as many mirrors do")
    given = vars(parser.parse_args())
    with serving(given.pop("folder"), Options(**given)) as url:
        print(url, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
