"""Derive a project's extras, their sources, the package indexes and the authentication.

Like plan.py, this file imports nothing of the template. It is pure: answers in, facts out.
"""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment
from jinja2.ext import Extension

CHOICES = Path(__file__).with_name("choices.toml")
PYTORCH_INDEX = "https://download.pytorch.org/"
"""PyTorch's own index, which reports upload times; its mirrors often do not."""

ONLY_BY_SOURCE = "Nothing but the packages that a source names comes from here."
INSTEAD_OF_PUBLIC = "It stands for the public index, which is never asked."
STOPS_WITHOUT_LOGIN = "Without credentials uv stops, instead of asking the next index."
NO_TIMES = "Many such indexes do not say when a file was uploaded: uv would find nothing."

CUDA_IF_A_DRIVER_ANSWERS = "$(nvidia-smi -L > /dev/null 2>&1 && echo cuda || echo cpu)"


@dataclass(frozen=True)
class Index:
    """A package index, as declared for uv."""

    name: str
    url: str
    is_explicit: bool = False
    """Whether it is used only for packages with a source."""

    is_default: bool = False
    """Whether it replaces the public index."""

    needs_login: bool = False
    """Whether it requires credentials."""

    has_upload_times: bool = False
    """Whether it reports upload times."""

    publish_url: str = ""
    """URL for publishing; empty if not supported."""

    @property
    def lines(self) -> list[str]:
        """Its table in pyproject.toml."""
        lines = {
            f"name = {json.dumps(self.name)}": True,
            f"url = {json.dumps(self.url)}": True,
            f"explicit = true # {ONLY_BY_SOURCE}": self.is_explicit,
            f"default = true # {INSTEAD_OF_PUBLIC}": self.is_default,
            f'authenticate = "always" # {STOPS_WITHOUT_LOGIN}': self.needs_login,
            f"exclude-newer = false # {NO_TIMES}": not self.has_upload_times,
            f"publish-url = {json.dumps(self.publish_url)}": bool(self.publish_url),
        }
        return [line for line, is_wanted in lines.items() if is_wanted]


@dataclass(frozen=True)
class Packages:
    """Facts about the packages of one project, ready to print."""

    extras: dict[str, list[str]]
    """Requirements of each accelerator's extra, sorted."""

    sources: dict[str, list[dict[str, str]]]
    """Explicit index, extra and marker of each wheel variant, by package."""

    indexes: list[Index]
    """All declared indexes, in order of priority."""

    has_index_without_times: bool
    """Whether the cooldown is disabled for one of them."""

    index: Index | None
    """The index in the answers, if any."""

    private_index: Index | None
    """The same, if it is used in addition to the public one."""

    login_variables: list[str]
    """Variables with a user name and a password for uv; empty without authentication."""

    has_login: bool
    """Whether installing requires credentials."""

    has_keyring: bool
    """Whether a keyring program supplies the password."""

    default_extra: str
    """Shell words for the default extra of ``just sync``."""

    build_option: str
    """Option, after a space, for the wheel variant of an image; empty without variants."""


def packages_for(answers: Mapping[str, Any], stack: Any) -> Packages:
    """Derive the facts from the answers and the ``Stack`` that matrix.py chose for them."""
    index = _index(answers)
    parts = ("USERNAME", "PASSWORD") if index and index.needs_login else ()
    indexes = [*([index] if index else []), *_build_indexes(answers, stack, index)]
    return Packages(
        extras=_extras(answers, stack),
        sources=_sources(stack),
        indexes=indexes,
        has_index_without_times=any(not found.has_upload_times for found in indexes),
        index=index,
        private_index=index if index and not index.is_default else None,
        login_variables=[f"UV_INDEX_{index.name.upper()}_{part}" for part in parts if index],
        has_login=bool(parts),
        has_keyring=bool(parts) and _row("package_index_auth", answers).get("keyring", False),
        default_extra=CUDA_IF_A_DRIVER_ANSWERS if "cuda" in stack.builds else "cpu",
        build_option=' --extra "$ACCELERATOR"' if stack.builds else "",
    )


def _extras(answers: Mapping[str, Any], stack: Any) -> dict[str, list[str]]:
    """Return the requirements of each wheel variant's extra."""
    beside = _row("framework", answers).get("accelerated", [])
    return {
        extra: sorted([*_requirements(stack.package, build), *beside])
        for extra, build in stack.builds.items()
    }


def _requirements(package: str, build: Any) -> list[str]:
    """Request CUDA through the package's extra, if it has one; otherwise its index provides it."""
    plain = f"{package}~={build.line}.0"
    if not build.extra:
        return [plain]
    here, elsewhere = _systems(build)
    return [f"{package}[{build.extra}]~={build.line}.0 ; {here}", f"{plain} ; {elsewhere}"]


def _systems(build: Any) -> tuple[str, str]:
    """Return the marker of a wheel variant's platforms, and that of all others."""
    if any(platform.startswith("windows") for platform in build.platforms):
        return "sys_platform != 'darwin'", "sys_platform == 'darwin'"
    return "sys_platform == 'linux'", "sys_platform != 'linux'"


def _sources(stack: Any) -> dict[str, list[dict[str, str]]]:
    """Map each variant to its index; on platforms without CUDA, its extra installs the CPU's."""
    if not stack.index:
        return {}
    cpu = {"index": f"pytorch-{stack.builds['cpu'].name}"}
    sources = [cpu | {"extra": "cpu"}]
    if "cuda" in stack.builds:
        cuda = stack.builds["cuda"]
        here, elsewhere = _systems(cuda)
        sources += [
            {"index": f"pytorch-{cuda.name}", "extra": "cuda", "marker": here},
            cpu | {"extra": "cuda", "marker": elsewhere},
        ]
    return {stack.package: sources}


def _build_indexes(answers: Mapping[str, Any], stack: Any, index: Index | None) -> list[Index]:
    """Declare an index for each variant; on the host of the answered index, it has its login."""
    if not stack.index:
        return []
    base = answers[stack.index].rstrip("/")
    is_neighbor = index is not None and urlsplit(index.url).netloc == urlsplit(base).netloc
    has_times = base.startswith(PYTORCH_INDEX)
    return [
        Index(
            f"pytorch-{build.name}",
            f"{base}/{build.name}",
            is_explicit=True,
            needs_login=index is not None and index.needs_login and is_neighbor,
            has_upload_times=has_times,
        )
        for build in stack.builds.values()
    ]


def _index(answers: Mapping[str, Any]) -> Index | None:
    row = _row("package_index", answers)
    if "is_default" not in row:
        return None
    url = answers["package_index_url"].rstrip("/")
    return Index(
        name=answers["package_index_name"],
        url=url,
        is_default=row["is_default"],
        needs_login=_row("package_index_auth", answers).get("needs_login", False),
        publish_url=_publish_url(url),
    )


def _publish_url(url: str) -> str:
    """Derive the upload URL of an index by the conventions of its software."""
    parts, base = urlsplit(url), url.rpartition("/")[0]
    if parts.hostname == "pkgs.dev.azure.com":
        return f"{base}/upload/"
    return f"{base}/" if parts.path.endswith(("/simple", "/+simple")) else f"{url}/"


def _row(question: str, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row of an answer; older projects may have none."""
    row: dict[str, Any] = _read_choices()[question].get(answers.get(question, ""), {})
    return row


@cache
def _read_choices() -> dict[str, dict[str, Any]]:
    return tomllib.loads(CHOICES.read_text(encoding="utf-8"))


class PackagesExtension(Extension):
    """Register ``packages_for``, which the plan's hook uses."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.globals["packages_for"] = packages_for
