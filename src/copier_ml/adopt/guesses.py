"""Answers that fit a repository as it is: each with the place that it was read from.

A guess need not be an answer that the template takes: what it refuses gives way to its default, and
the owner gets a message.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from copier_ml.shared.project import Project

from .evidence import Evidence, Guess

LICENSES = {
    "GPL": r"GNU (Lesser |Affero )?General Public|\b[AL]?GPL",
    "MPL-2.0": r"Mozilla Public|\bMPL",
    "Apache-2.0": r"Apache",
    "MIT": r"\bMIT\b|Permission is hereby granted, free of charge",
    "BSD-3-Clause": r"BSD[- ]3|New BSD|Neither the name of",
    "Proprietary": r"Proprietary|LicenseRef|All rights reserved",
}
"""What a licence says somewhere; the first one that fits is meant."""

LICENSE_FILES = r"(?i)(licen[cs]e|copying)(\.(txt|md|rst))?"

FRAMEWORKS = {
    "pytorch": ("torch", "pytorch", "torchvision", "torchaudio", "lightning", "pytorch-lightning"),
    "jax": ("jax", "jaxlib", "flax", "optax"),
    "xgboost": ("xgboost", "xgboost-cpu"),
    "lightgbm": ("lightgbm",),
    "sklearn": ("scikit-learn", "sklearn"),
}
"""Distributions that say what trains the model; a project of two has the first for that."""

DOCKERFILES = r"(.*/)?(Dockerfile[^/]*|[^/]+\.Dockerfile)"

CUDA_FILES = (r"(uv|poetry)\.lock", r"pyproject\.toml", r"requirements.*\.(txt|in)",
              r"environment\.ya?ml", DOCKERFILES)  # fmt: skip

CUDA = re.compile(
    r"[+/-]cu(?P<major>1\d)(?P<minor>\d)\b"  # A build of PyTorch, or its index.
    r"|(?:nvidia/cuda:|pytorch-cuda=+|-cuda)(?P<version>\d+\.\d+)"  # An image, conda's package.
    r"|\bjax(?:\[cuda|-cuda)(?P<jax>\d\d)"
)

JAX_CUDA = {"12": "12.6", "13": "13.0"}
"""What the template calls the major version of CUDA, which is all that JAX names."""

PYTORCH = re.compile(r"(https://[^\s\"']+?)/(?:cpu|cu\d{3})(?=[/\s\"']|$)")
"""Address of an index of PyTorch's builds, whose last part is the build."""

PARTS = {
    "containers": rf"{DOCKERFILES}|(.*/)?(docker-)?compose\.ya?ml",
    "docs": r"mkdocs\.yml|docs/.*\.md",
    "devcontainer": r"\.devcontainer/.*",
    "notebooks": r"notebooks/.*|.*\.ipynb",
}
"""Files that a part of the template would stand for; of the parts in Python, nothing tells."""

NO_PACKAGES = {"data", "docs", "notebooks", "scripts", "src", "test", "tests"}


class PackageIndex(NamedTuple):
    """An index that a file declares."""

    url: str
    name: str
    kind: str
    """``mirror`` stands for the public index, ``private`` is asked beside it."""

    auth: str
    origin: str


def guess(project: Project) -> dict[str, Guess]:
    """Guess what can be guessed. The last commit is what counts; nothing is run."""
    evidence = Evidence(project)
    return dict(_guess(evidence))


def _guess(it: Evidence) -> Iterator[tuple[str, Guess]]:
    name = it.metadata.get("name") or Guess(it.project.folder.name, "the folder's name")
    yield "project_name", Guess(_line(name.value), name.origin)
    yield "package_name", _guess_package(it, name)
    for question in ("description", "author_name", "author_email"):
        if found := it.metadata.get(question):
            yield question, Guess(_line(found.value), found.origin)
    yield "license", _guess_license(it)
    for question, found in (
        ("copyright_year", _guess_year(it)),
        ("repository_url", _guess_repository(it)),
        ("forge", _guess_forge(it)),
        ("framework", _guess_framework(it)),
        ("python_version", _guess_python(it)),
        ("cuda_version", _guess_cuda(it)),
    ):
        if found:
            yield question, found
    yield from _guess_index(it)
    parts = [part for part, pattern in PARTS.items() if it.named(pattern)]
    yield "profile", Guess("choose" if parts else "minimal", "its files")
    if parts:
        yield "features", Guess(parts, "its files")


def _line(text: object) -> str:
    return " ".join(str(text).split())


def _guess_package(it: Evidence, name: Guess) -> Guess:
    """Take the package that is there; of several, the one that the project is named after."""
    wanted = re.sub(r"[^a-z0-9]+", "_", _line(name.value).lower()).strip("_")
    modules = it.named(r"(src/)?\w+/__init__\.py")
    found = {path.split("/")[-2]: path.removesuffix("__init__.py") for path in reversed(modules)}
    packages = [package for package in found if package not in NO_PACKAGES]
    if wanted in packages or len(packages) != 1:
        return Guess(wanted, found.get(wanted, name.origin))
    return Guess(packages[0], found[packages[0]])


def _guess_license(it: Evidence) -> Guess:
    files = it.named(LICENSE_FILES)
    if declared := it.metadata.get("license"):
        return Guess(_name_license(_line(declared.value)) or declared.value, declared.origin)
    if files:
        return Guess(_name_license(it.read(files[0])) or "another licence", files[0])
    return Guess("Proprietary", "there is no licence in it")


def _name_license(text: str) -> str:
    fits = (name for name, says in LICENSES.items() if re.search(says, text, re.IGNORECASE))
    return next(fits, "")


def _guess_year(it: Evidence) -> Guess | None:
    for path in it.named(LICENSE_FILES):
        if found := re.search(r"Copyright\b.{0,20}?\b((?:19|20)\d\d)\b", it.read(path)):
            return Guess(int(found[1]), path)
    return None


def _guess_repository(it: Evidence) -> Guess | None:
    """Write the address of the remote as a browser takes it, without who logs in there."""
    url = it.project.git.attempt("remote", "get-url", "origin").stdout.decode().strip()
    if found := _browsable(url):
        return Guess(found, "the remote 'origin'")
    declared = it.metadata.get("url")
    found = _browsable(str(declared.value)) if declared else ""
    return Guess(found, declared.origin) if found and declared else None


def _browsable(url: str) -> str:
    if "://" not in url and (short := re.fullmatch(r"(?:[^@/]+@)?([^:/]+\.[^:/]+):(.+)", url)):
        url = f"ssh://{short[1]}/{short[2]}"
    try:
        parts = urlsplit(url)
        # A port of SSH is not one of a browser.
        port = f":{parts.port}" if parts.port and parts.scheme == "https" else ""
    except ValueError:
        return ""
    path = parts.path.rstrip("/").removesuffix(".git").strip("/")
    known = parts.scheme in ("https", "http", "ssh", "git", "git+ssh")
    return f"https://{parts.hostname}{port}/{path}" if known and parts.hostname and path else ""


def _guess_forge(it: Evidence) -> Guess | None:
    for name, pattern in (("github", r"\.github/workflows/.*"), ("gitlab", r"\.gitlab-ci\.yml")):
        if found := it.named(pattern):
            return Guess(name, found[0])
    return None


def _guess_framework(it: Evidence) -> Guess | None:
    for framework, names in FRAMEWORKS.items():
        for name in names:
            if origin := it.requirements.get(name):
                return Guess(framework, f"{name} in {origin}")
    for framework in FRAMEWORKS:
        module = "torch" if framework == "pytorch" else framework
        if path := it.importing(module):
            return Guess(framework, f"{path} imports {module}")
    return None


def _guess_python(it: Evidence) -> Guess | None:
    texts = [(guess.origin, str(guess.value)) for guess in [it.metadata.get("python")] if guess]
    texts += [(".python-version", it.read(".python-version"))]
    for origin, text in texts:
        if found := re.search(r"(?<![<\d.])(?<!<=)\s*(3\.\d+)", text):
            return Guess(found[1], origin)
    for path in it.named(DOCKERFILES):
        if found := re.search(r"^FROM\s.*?\bpython:(3\.\d+)", it.read(path), re.M | re.I):
            return Guess(found[1], path)
    return None


def _guess_cuda(it: Evidence) -> Guess | None:
    for pattern in CUDA_FILES:
        for path in it.named(pattern):
            if found := CUDA.search(it.read(path)):
                of_torch = f"{found['major']}.{found['minor']}" if found["major"] else ""
                of_jax = JAX_CUDA.get(found["jax"] or "", found["jax"])
                return Guess(of_torch or found["version"] or of_jax, f"{found[0]} in {path}")
    return None


def _guess_index(it: Evidence) -> Iterator[tuple[str, Guess]]:
    """Guess the questions about package indexes, without a credential in any answer."""
    for found in _find_indexes(it):
        yield "package_index", Guess(found.kind, found.origin)
        yield "package_index_url", Guess(found.url, found.origin)
        yield "package_index_auth", Guess(found.auth, found.origin)
        if found.name:
            yield "package_index_name", Guess(found.name, found.origin)
        break
    for path in ("pyproject.toml", *it.named(r"requirements.*\.(txt|in)")):
        if (match := PYTORCH.search(it.read(path))) and (url := _without_login(match[1])):
            yield "pytorch_index_url", Guess(url, path)
            break


def _find_indexes(it: Evidence) -> Iterator[PackageIndex]:
    """Find the indexes that are neither the public one nor for builds of PyTorch alone."""
    tool = it.pyproject.get("tool", {})
    has_keyring = tool.get("uv", {}).get("keyring-provider") == "subprocess"
    rows = [(row, "mirror" if row.get("default") else "private", row.get("explicit"))
            for row in tool.get("uv", {}).get("index", [])]  # fmt: skip
    for row in tool.get("poetry", {}).get("source", []):
        priority = row.get("priority", "primary")
        rows.append((row, "mirror" if priority in ("primary", "default") else "private",
                     priority == "explicit"))  # fmt: skip
    for row, kind, is_explicit in rows:
        login = "keyring" if has_keyring else "token"
        asks = row.get("authenticate") == "always" or "@" in urlsplit(row.get("url", "")).netloc
        if not is_explicit:
            auth = login if asks or has_keyring else "none"
            yield from _read_index(row, kind, auth, "pyproject.toml")
    for path in it.named(r"requirements.*\.(txt|in)"):
        for option, url in re.findall(r"^--((?:extra-)?index-url)[ =]+(\S+)", it.read(path), re.M):
            auth = "token" if "@" in urlsplit(url).netloc else "none"
            kind = "mirror" if option == "index-url" else "private"
            yield from _read_index({"url": url}, kind, auth, path)


def _read_index(row: dict[str, Any], kind: str, auth: str, origin: str) -> Iterator[PackageIndex]:
    url = _without_login(str(row.get("url", "")))
    is_public = (urlsplit(url).hostname or "").split(".")[-2:-1] == ["pypi"]
    if url and not is_public and not PYTORCH.search(url):
        name = re.sub(r"[^a-z0-9]", "", str(row.get("name", "")).lower()).lstrip("0123456789")
        yield PackageIndex(url, name[:40], kind, auth, origin)


def _without_login(url: str) -> str:
    """Cut who logs in out of an address; give nothing where it is no plain address."""
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return ""
    plain = f"{parts.scheme}://{host}{parts.path}".rstrip("/")
    return plain if re.fullmatch(r"https://[A-Za-z0-9._~:/%+-]+", plain) else ""
