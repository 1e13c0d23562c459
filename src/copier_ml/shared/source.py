"""Location of the template: the repository that copier-ml was installed from, at its commit.

Projects record the address in their answers file, so later updates must be able to use it. Nothing
here uses the network.
"""

import json
import re
from dataclasses import dataclass, replace
from importlib.metadata import PackageMetadata, distribution
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from urllib.request import url2pathname

# Copier clones these without a prefix (copier._vcs.GIT_PREFIX and GIT_POSTFIX).
GIT_SITES = ("git://", "https://github.com/", "https://gitlab.com/")
GIT_SUFFIX = ".git"

REMOTE = re.compile(r"(https?|ssh|git)://[^/]|[\w.-]+@[\w.-]+:[^:]")
"""Start of an address that Git fetches from a server without a remote helper."""


@dataclass(frozen=True)
class Source:
    """A template and the version of it to render."""

    address: str
    """Folder or URL, as recorded in the answers file."""

    ref: str | None
    """Commit, tag or ``HEAD``; None is the latest tag."""


def chosen(template: str | None, ref: str | None) -> Source:
    """Return the user's template, or else the one that copier-ml came from.

    Args:
        template: Folder or URL.
        ref: Commit, tag or branch that replaces the one that copier-ml came from.
    """
    found = Source(address(template), None) if template else installed()
    return replace(found, ref=ref or found.ref)


def installed() -> Source:
    """Return the source of this copier-ml."""
    package = distribution("copier-ml")
    return template_source(package.read_text("direct_url.json"), package.metadata)


def template_source(direct_url: str | None, metadata: PackageMetadata) -> Source:
    """Derive the template from what the installer recorded (PEP 610). Pure.

    A Git URL gives its commit. A local folder gives ``HEAD``, with which Copier includes
    uncommitted changes; projects rendered from such changes cannot be updated, as the commit does
    not exist. A wheel, an archive or an index gives the "Repository" URL of the metadata at the tag
    ``v<version>``.

    Args:
        direct_url: Text of the distribution's direct_url.json; None if there is none.
        metadata: Core metadata of the distribution.

    Raises:
        ValueError: The package was installed from a subdirectory, or its metadata has no
            "Repository".
    """
    origin = json.loads(direct_url or "{}")
    if "subdirectory" in origin:
        raise ValueError(
            f"copier-ml was installed from the subdirectory {origin['subdirectory']!r} of "
            f"{address(origin['url'])}; install it from the root of its repository"
        )
    if "vcs_info" in origin:
        return Source(address(origin["url"]), origin["vcs_info"]["commit_id"])
    if "dir_info" in origin:
        return Source(address(origin["url"]), "HEAD")
    return Source(address(_repository(metadata)), f"v{metadata['Version']}")


def address(source: str) -> str:
    """Normalize a folder or a URL so that Copier clones it, whatever the current folder.

    - ``file://`` URLs and relative folders become absolute paths. Folders are absolute, or begin
      with ``.`` or ``~``.
    - Credentials are removed, since the answers file is committed: ``https://user:token@host/x``
      becomes ``https://host/x``. Later updates use Git's credential helpers. The user of an SSH URL
      stays, as it is part of the address.
    - URLs that Copier would not recognize get the prefix ``git+``.
    - ``gh:owner/name`` and ``git@host:path`` are unchanged.

    Raises:
        ValueError: It is neither a folder nor a URL.
    """
    if is_folder(source):
        return str(_expand(source).resolve())
    if "://" not in source:
        clone_url(source, Path.cwd())
        return source
    parts = urlsplit(source.removeprefix("git+"))
    if parts.scheme == "file":
        return url2pathname(parts.path)
    url = urlunsplit((parts.scheme, _without_secrets(source), parts.path.rstrip("/"), "", ""))
    return url if url.endswith(GIT_SUFFIX) or url.startswith(GIT_SITES) else f"git+{url}"


def is_folder(address: str) -> bool:
    """Distinguish a folder from a URL by its text: a hostile project may have a folder so named."""
    return address.startswith((".", "~")) or Path(address).is_absolute()


def clone_url(address: str, near: Path) -> str:
    """Return the argument of ``git clone``: an absolute path, or a URL that is never a folder.

    Args:
        address: A project's record: a folder, a URL, or Copier's short form of one.
        near: Base of a relative address.

    Raises:
        ValueError: The address is neither.
    """
    from copier._vcs import REPLACEMENTS

    url = address
    for pattern, replacement in REPLACEMENTS:
        url = pattern.sub(replacement, url)
    if url.startswith("https://") and url.startswith(GIT_SITES) and not url.endswith(GIT_SUFFIX):
        url += GIT_SUFFIX  # As Copier does: some sites redirect without it.
    url = url.removeprefix("git+")
    if url.startswith("file://"):
        url = url2pathname(urlsplit(url).path)
    if is_folder(url):
        return str((near / _expand(url)).resolve())
    if not REMOTE.match(url):
        raise ValueError(
            f"{address!r} is not the address of a template: write a URL, or a folder that is "
            "absolute or begins with ./"
        )
    return url


def _expand(folder: str) -> Path:
    """Put the home folder of a user in place of ``~``, where there is such a user."""
    try:
        return Path(folder).expanduser()
    except RuntimeError:
        return Path(folder)


def _without_secrets(url: str) -> str:
    """Cut ``user:password@`` out of a URL's host, or only ``:password`` where SSH logs in."""
    parts = urlsplit(url)
    credentials, _, host = parts.netloc.rpartition("@")
    if parts.scheme.endswith("ssh") and credentials:
        return f"{credentials.partition(':')[0]}@{host}"
    return host


def _repository(metadata: PackageMetadata) -> str:
    """Read the address of the repository from the project's URLs."""
    lines: list[str] = metadata.get_all("Project-URL", [])
    for label, _, url in (line.partition(", ") for line in lines):
        if label == "Repository":
            return url
    raise ValueError("copier-ml's metadata names no Repository; give one with --template")
