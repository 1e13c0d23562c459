"""Send hostile requests to the service of a project and to `mlflow models serve`, one by one.

    uv run python benchmarks/hostile.py [--rounds N] [--limit-s S]

Both servers have the same model and one worker process. While each request is answered, /health (or
/ping) is polled every 5 ms, and the memory of the server's processes is read: the slowest of these
responses bounds how long the event loop was blocked. Goals: 100 ms, and memory of at most 20
times a body above 1 MiB (below, Python's preallocation is larger). Each request gets a new server,
and the worst of several rounds counts. Prints a Markdown table; memory is the growth divided by the
size of the body. (MLflow's server expects another format of rows, so it rejects the valid
requests.)
"""

import argparse
import json
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import psutil
from serve import make_project, start_both

HEADER = """\
| request | MB | status | s | health ms | memory | MLflow: status | s | health ms | memory |
|---|---|---|---|---|---|---|---|---|---|"""
LIMIT_BYTES = 4 * 2**20
"""Largest body that the service accepts by default."""

COLUMNS = [f"pixel_{row}_{column}" for row in range(8) for column in range(8)]

Make = Callable[[int], bytes]
"""Creates a body of about this size in bytes."""


def _repeat(start: bytes, piece: bytes, end: bytes) -> Make:
    return lambda size: start + b",".join([piece] * (size // (len(piece) + 1))) + end


def _columns(size: int) -> bytes:
    return json.dumps({"rows": [{f"c{number}": 1 for number in range(size // 14)}]}).encode()


def _rows(size: int) -> bytes:
    row = dict.fromkeys(COLUMNS, 1)
    return json.dumps({"rows": [row] * (size // (len(json.dumps(row)) + 2))}).encode()


def _wrong_rows(size: int) -> bytes:
    """Write the maximum number of rows, with every value invalid."""
    text = "x" * (size // 64_000 - 20)
    return json.dumps({"rows": [dict.fromkeys(COLUMNS, text)] * 1000}).encode()


BODIES: dict[str, Make] = {
    "objects in a value": _repeat(b'{"rows":[{"a":[', b"{}", b"]}]}"),
    "rows without columns": _repeat(b'{"rows":[', b"{}", b"]}"),
    "rows of lists": _repeat(b'{"rows":[', b"[]", b"]}"),
    "too many rows": _rows,
    "rows of wrong values": _wrong_rows,
    "unknown columns": _columns,
    "one column again and again": _repeat(b'{"rows":[{', b'"a":1', b"}]}"),
    "deep lists": lambda size: b'{"rows":' + b"[" * size,
    "deep objects": lambda size: b'{"rows":[' + b'{"a":' * (size // 5),
    "long string": lambda size: b'{"rows":[{"a":"' + b"x" * size + b'"}]}',
    "string of escapes": lambda size: b'{"rows":[{"a":"' + b"\\u2028" * (size // 6) + b'"}]}',
    "string without end": lambda size: b'{"rows":[{"a":"' + b'\\"' * (size // 2),
    "long number": lambda size: b'{"rows":[{"a":' + b"9" * size + b"}]}",
    "spaces": lambda size: b'{"rows":[' + b" " * size,
    "no text": lambda size: b"\xff" * size,
    "above the limit": lambda size: b" " * (4 * size),
}


@dataclass(frozen=True)
class Cost:
    """Cost of a request for its server."""

    status: str
    seconds: float
    health_ms: float
    memory: float
    """Memory growth of all its processes, divided by the size of the body."""

    def cells(self) -> str:
        """Write the cells of the table."""
        return f"{self.status} | {self.seconds:.1f} | {self.health_ms:.0f} | {self.memory:.1f}"


def main() -> None:
    """Start both servers, send each request to both, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--limit-s", type=float, default=30)
    arguments = parser.parse_args()
    limit_s = arguments.limit_s
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        binaries = make_project(folder)
        print(HEADER)
        is_good = True
        for title, send, body in requests():
            costs = []
            for _ in range(arguments.rounds):
                with start_both(folder / "project", binaries) as (ours, theirs):
                    mine = measure(ours, "/predict", "/health", send, body, limit_s)
                    other = measure(theirs, "/invocations", "/ping", send, body, limit_s)
                costs.append((mine, other))
            sides = zip(*costs, strict=True)
            mine, other = (max(side, key=lambda one: one.health_ms) for side in sides)
            size_mb = len(body) / 1e6
            print(f"| {title} | {size_mb:.1f} | {mine.cells()} | {other.cells()} |", flush=True)
            is_good &= mine.health_ms <= 100 and (mine.memory <= 20 or len(body) < 2**20)
    print(f"\nThe goals were {'met' if is_good else 'missed'}.")


Send = Callable[[int, str, bytes, float], str]
"""Sends a body to a port and a path, and returns the status of the response."""


def requests() -> Iterator[tuple[str, Send, bytes]]:
    """List the requests: each body in one piece, and some sent differently."""
    for title, make in BODIES.items():
        yield title, send, make(LIMIT_BYTES - 1000)
    valid = json.dumps({"rows": [dict.fromkeys(COLUMNS, 1)] * 100}).encode()
    yield "valid, in chunks of 64 bytes", send_chunks, valid + b" " * (2**20)
    yield "valid, 1 kB each 50 ms", send_slowly, valid
    yield "200 connections that send nothing", send_many, valid


def send(port: int, path: str, body: bytes, limit_s: float) -> str:
    """Send a body in one piece."""
    connection = HTTPConnection("127.0.0.1", port, timeout=limit_s)
    try:
        connection.request("POST", path, body, {"Content-Type": "application/json"})
        return str(connection.getresponse().status)
    except TimeoutError:
        return "none"
    except (OSError, HTTPException):
        return "closed"
    finally:
        connection.close()


def send_chunks(port: int, path: str, body: bytes, limit_s: float) -> str:
    """Send many small chunks."""
    connection = HTTPConnection("127.0.0.1", port, timeout=limit_s)
    pieces = (body[start : start + 64] for start in range(0, len(body), 64))
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n".encode()
    whole = head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"
    try:
        connection.connect()
        connection.send(whole)
        return connection.sock.recv(12).decode()[-3:] or "closed"
    except TimeoutError:
        return "none"
    except OSError:
        return "closed"
    finally:
        connection.close()


def send_slowly(port: int, path: str, body: bytes, limit_s: float) -> str:
    """Send a body in small pieces, with pauses."""

    class Slow:
        def __init__(self) -> None:
            self.start = 0

        def read(self, _: int) -> bytes:
            time.sleep(0.05)
            self.start += 1000
            return body[self.start - 1000 : self.start]

    connection = HTTPConnection("127.0.0.1", port, timeout=limit_s)
    headers = {"Content-Type": "application/json", "Content-Length": str(len(body))}
    try:
        connection.request("POST", path, Slow(), headers)
        return str(connection.getresponse().status)
    except OSError:
        return "closed"
    finally:
        connection.close()


def send_many(port: int, path: str, body: bytes, limit_s: float) -> str:
    """Hold connections open, and send a request on another one."""
    held = [socket.create_connection(("127.0.0.1", port)) for _ in range(200)]
    try:
        time.sleep(1)
        return send(port, path, body, limit_s)
    finally:
        for one in held:
            one.close()


def measure(port: int, path: str, health: str, send: Send, body: bytes, limit_s: float) -> Cost:
    """Send a request and monitor its server."""
    ask_health(port, health)
    with watching(port, health) as watched:
        start = time.perf_counter()
        status = send(port, path, body, limit_s)
        duration_s = time.perf_counter() - start
        time.sleep(0.2)
    latencies, growth_bytes = watched
    return Cost(status, duration_s, max(latencies) * 1000, growth_bytes[0] / len(body))


@contextmanager
def watching(port: int, path: str) -> Iterator[tuple[list[float], list[int]]]:
    """Poll health and memory until the block ends."""
    latencies: list[float] = []
    processes = [psutil.Process(one) for one in find_processes(port)]
    is_over = threading.Event()

    def total() -> int:
        return sum(one.memory_info().rss for one in processes if one.is_running())

    before = total()
    growth = [0]

    def repeat(work: Callable[[], None], pause_s: float) -> None:
        while not is_over.is_set():
            work()
            time.sleep(pause_s)

    def weigh() -> None:
        growth[0] = max(growth[0], total() - before)

    works = (
        (lambda: latencies.append(ask_health(port, path)), 0.005),
        (weigh, 0.01),
    )
    threads = [threading.Thread(target=repeat, args=work) for work in works]
    for thread in threads:
        thread.start()
    try:
        yield latencies, growth
    finally:
        is_over.set()
        for thread in threads:
            thread.join()


def find_processes(port: int) -> list[int]:
    """Find the process that listens on a port, and its children."""
    for one in psutil.process_iter():
        try:
            listens = any(
                c.laddr.port == port for c in one.net_connections() if c.status == "LISTEN"
            )
        except psutil.Error:
            continue
        if listens:
            parent = one.parent()
            family = parent if parent and "mlflow" in " ".join(parent.cmdline()) else one
            return [family.pid, *(child.pid for child in family.children(recursive=True))]
    raise RuntimeError(f"nothing listens at port {port}")


def ask_health(port: int, path: str) -> float:
    """Return the seconds until a response, at most a minute."""
    start = time.perf_counter()
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path)
        connection.getresponse().read()
    except (OSError, HTTPException):
        pass
    finally:
        connection.close()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
