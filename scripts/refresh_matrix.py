"""Compare extensions/cuda.toml with the PyTorch index, and edit nothing.

It reads the pages of torch and torchvision, from the oldest release line of the matrix on, and
prints what differs: a line for each fact, with the table that it belongs to. What a build is made
of (toolkit, capabilities) is on no page: see the sources of its table. jax has no index of its
own: its rows are checked by locking, which scripts/pin_versions.py does.

    uv run python scripts/refresh_matrix.py [--index-url URL]

It ends with 0 if the two agree, with 1 if they differ, with 2 if a page cannot be read.
"""

import argparse
import re
import sys
import tomllib
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from http.client import HTTPException
from pathlib import Path
from typing import Any, NamedTuple

from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import Version

MATRIX = Path(__file__).parent.parent / "extensions" / "cuda.toml"
TIMEOUT_S = 60.0

BUILD = re.compile(r"cpu|cu\d+")
"""Local labels that are folders of the index too; builds for ROCm and Intel are not offered."""

PLATFORM = re.compile(r"(?P<system>[a-z]+?)(\d+|_\d+_\d+)?_(?P<machine>\w+)")
SYSTEMS = {"manylinux": "linux", "macosx": "macos", "win": "windows"}
MACHINES = {"amd64": "x86_64"}


class Wheel(NamedTuple):
    """What the name of a wheel says."""

    release: Version
    build: str  # Local label; wheels for macOS have none.
    minor: int  # Version of CPython 3.
    platform: str  # As the matrix writes it.


class Links(HTMLParser):
    """The names of the files that a page links to."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the last part of a link, without its hash."""
        if tag == "a":
            path = urllib.parse.urlsplit(dict(attrs).get("href") or "").path
            self.names.append(urllib.parse.unquote(path.rpartition("/")[2]))


def main() -> None:
    """Print the differences."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--index-url", default="https://download.pytorch.org/whl", metavar="URL")
    base = parser.parse_args().index_url.rstrip("/")

    matrix = tomllib.loads(MATRIX.read_text(encoding="utf-8"))
    try:
        found = [
            f"{table}: {difference}"
            for framework, facts in matrix["framework"].items()
            if "index" in facts
            for table, difference in compare(matrix, framework, base)
        ]
    except ValueError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    print("\n".join(sorted(found)) or f"{MATRIX.name} agrees with {base}")
    sys.exit(1 if found else 0)


def compare(matrix: dict[str, Any], framework: str, base: str) -> Iterator[tuple[str, str]]:
    """Give each difference between a framework's rows and its index, with the name of its table.

    Raises:
        ValueError: If a page cannot be read.
    """
    package, lines = matrix["framework"][framework]["package"], matrix["build"][framework]
    oldest = min(map(Version, lines))
    offered = {wheel.build for wheel in read(f"{base}/{package}/", oldest)}
    known = {build for builds in lines.values() for build in builds}
    for build in sorted(known | set(filter(BUILD.fullmatch, offered))):
        rows = {line: builds[build] for line, builds in lines.items() if build in builds}
        if build in offered:
            found = [*compare_build(rows, read(f"{base}/{build}/{package}/", oldest))]
            found += compare_torchvision(rows, f"{base}/{build}/torchvision/") if rows else []
        else:
            found = [(line, f"the index has no {build} any more") for line in rows]
        yield from ((f'build.{framework}."{line}".{build}', what) for line, what in found)


def compare_build(rows: dict[str, Any], wheels: list[Wheel]) -> Iterator[tuple[str, str]]:
    """Give each difference between a build's rows and its page, with its release line."""
    releases = newest_of_lines(wheels)
    for line in rows.keys() - releases.keys():
        yield line, "the index has no release of this line any more"
    for line, release in releases.items():
        found = [wheel for wheel in wheels if wheel.release == release]
        minors = [wheel.minor for wheel in found]
        facts = {
            "newest": str(release),
            "python": _say([f"3.{min(minors)}", f"3.{max(minors)}"]),
            "platforms": _say({wheel.platform for wheel in found}),
        }
        if line not in rows:
            words = "; ".join(f"{name} {fact}" for name, fact in facts.items())
            yield line, f"the matrix has no such table, the index has {words}"
            continue
        for name, fact in facts.items():
            if _say(rows[line][name]) != fact:
                yield line, f"{name} is {_say(rows[line][name])}, the index has {fact}"
        yield from ((line, f"the index has no wheel for {gap}") for gap in gaps(found))


def compare_torchvision(rows: dict[str, Any], url: str) -> Iterator[tuple[str, str]]:
    """Give each difference of torchvision, with a release line.

    Its page does not say which torch a release was made for: a new one is reported with the line
    whose torchvision it follows.
    """
    known = {Version(row["torchvision"]): line for line, row in rows.items()}
    wheels = read(url, min(known))
    for version in known.keys() - {wheel.release for wheel in wheels}:
        yield known[version], f"torchvision is {version}, the index does not have it"
    for version in newest_of_lines(wheels).values():
        if version not in known:
            last = max(other for other in known if other < version)
            yield known[last], f"no table has torchvision {version}, which follows {last}"


def newest_of_lines(wheels: list[Wheel]) -> dict[str, Version]:
    """Return the newest release of each release line, the oldest line first."""
    releases = sorted({wheel.release for wheel in wheels})
    return {f"{release.major}.{release.minor}": release for release in releases}


def gaps(wheels: list[Wheel]) -> list[str]:
    """List the Pythons and platforms that a release serves, but not together."""
    minors = [wheel.minor for wheel in wheels]
    there = {(wheel.minor, wheel.platform) for wheel in wheels}
    return [
        f"Python 3.{minor} on {platform}"
        for minor in range(min(minors), max(minors) + 1)
        for platform in sorted({wheel.platform for wheel in wheels})
        if (minor, platform) not in there
    ]


def read(url: str, oldest: Version) -> list[Wheel]:
    """List the wheels that a page links to, from a release on.

    Raises:
        ValueError: If the page cannot be read, or links to none.
    """
    links = Links()
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer:
            links.feed(answer.read().decode())
    except (OSError, HTTPException, ValueError) as error:
        raise ValueError(f"{url} cannot be read: {error}") from error
    wheels = [wheel for name in links.names for wheel in parse(name) if wheel.release >= oldest]
    if not wheels:
        raise ValueError(f"{url} cannot be read: it has no wheel of a release from {oldest} on")
    return wheels


def parse(name: str) -> Iterator[Wheel]:
    """Give what a file's name says; nothing for pre-releases, free-threaded Python and no wheel."""
    try:
        _, version, _, tags = parse_wheel_filename(name)
    except InvalidWheelFilename:
        return
    for tag in () if version.is_prerelease else tags:
        python = re.fullmatch(r"cp3(\d+)", tag.interpreter)
        platform = PLATFORM.fullmatch(tag.platform)
        if python and platform and tag.abi in (tag.interpreter, "none"):
            system = SYSTEMS.get(platform["system"], platform["system"])
            machine = MACHINES.get(platform["machine"], platform["machine"])
            place = f"{system}-{machine}"
            yield Wheel(Version(version.public), version.local or "", int(python[1]), place)


def _say(fact: str | Iterable[str]) -> str:
    return fact if isinstance(fact, str) else ", ".join(sorted(fact))


if __name__ == "__main__":
    main()
