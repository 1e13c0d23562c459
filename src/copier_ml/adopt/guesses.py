"""Suggested answers for an existing repository, each with its source.

A suggestion may be invalid: it is then replaced by the default, and reported.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from copier_ml.shared.project import Project

from .evidence import Evidence, Guess, one_line
from .licenses import guess_license, guess_year

FRAMEWORKS = {
    "flax": "jax",  # Its data may come from a loader of torch.
    "equinox": "jax",
    "dm-haiku": "jax",
    "optax": "jax",
    "torch": "pytorch",
    "pytorch": "pytorch",
    "torchvision": "pytorch",
    "torchaudio": "pytorch",
    "lightning": "pytorch",
    "pytorch-lightning": "pytorch",
    "pytorch-cuda": "pytorch",
    "jax": "jax",
    "jaxlib": "jax",
    "xgboost": "xgboost",
    "xgboost-cpu": "xgboost",
    "lightgbm": "lightgbm",
    "scikit-learn": "sklearn",
    "sklearn": "sklearn",
}
"""Framework by distribution; with several, the first one trains the model."""

MODULES = {
    "flax": "jax",
    "torch": "pytorch",
    "jax": "jax",
    "xgboost": "xgboost",
    "lightgbm": "lightgbm",
    "sklearn": "sklearn",
}
"""Framework by imported module."""

FORGES = {"github": r"\.github/workflows/.*", "gitlab": r"\.gitlab-ci\.yml"}

BOTS = {
    "renovate": r"(\.git(hub|lab)/)?renovate\.json[c5]?|\.renovaterc(\.json[c5]?)?",
    "dependabot": r"\.github/dependabot\.ya?ml",
}
"""Configuration files of the bots. https://docs.renovatebot.com/configuration-options/"""

DOCKERFILES = r"(.*/)?(Dockerfile[^/]*|[^/]+\.Dockerfile)"

CUDA_FILES = (r"(uv|poetry)\.lock", r"pyproject\.toml", r"requirements.*\.(txt|in)",
              r"environment\.ya?ml", DOCKERFILES)  # fmt: skip

CUDA = re.compile(
    r"[+/-]cu(?P<major>1\d)(?P<minor>\d)\b"  # A build of PyTorch, or its index.
    # An image, a package of conda.
    r"|(?:nvidia/cuda:|(?:pytorch-cuda|cudatoolkit|cuda-version)=+|-cuda)(?P<version>\d+\.\d+)"
    r"|\bjax(?:\[cuda|-cuda)(?P<jax>\d\d)"
)

CUDAS = {"pytorch": ("12.6", "13.0", "13.2"), "jax": ("12.6", "13.0")}
"""CUDA versions that the template offers; a test compares them with its cuda.toml."""

PYTHONS = {"jax": (12, 14)}
OTHER_PYTHONS = (11, 14)
"""Oldest and newest minor version of Python 3 that the template offers; a test compares them."""

PYTHON_FILES = (
    (r"\.python-version", r"3\.(\d+)"),
    (r"environment\.ya?ml", r"^[ \t]*- *[\"']?python[ =>~]+3\.(\d+)"),
    (r"runtime\.txt", r"python-3\.(\d+)"),
    (DOCKERFILES, r"^FROM\s.*?\bpython:3\.(\d+)"),
)
"""Files with the Python version, and its pattern."""

PYTORCH = re.compile(r"(https://[^\s\"']+?)/(?:cpu|cu\d{3})(?=[/\s\"']|$)")
"""URL of an index of PyTorch builds, ending with the build."""

PARTS = {
    "containers": rf"{DOCKERFILES}|(.*/)?(docker-)?compose\.ya?ml",
    "docs": r"mkdocs\.ya?ml",
    "devcontainer": r"\.devcontainer/.*",
    "notebooks": r"notebooks/.*|.*\.ipynb",
}
"""Files that indicate a part of the template; parts in Python leave no such files."""

DOCUMENTS = r"docs?/.*|mkdocs\.ya?ml|conf\.py|_config\.yml|book\.toml|myst\.yml"
"""Existing documentation."""

IN_A_FOLDER = Guess("none", "CI and bots only read files at the root of a repository")

NO_PACKAGES = {"data", "docs", "notebooks", "scripts", "src", "test", "tests"}


class PackageIndex(NamedTuple):
    """An index that a file declares."""

    url: str
    name: str
    kind: str
    """``mirror`` replaces the public index, ``private`` is used in addition to it."""

    auth: str
    origin: str


def guess(project: Project) -> dict[str, Guess]:
    """Derive suggestions from the last commit, without running code."""
    evidence = Evidence(project)
    return dict(_guess(evidence))


def _guess(it: Evidence) -> Iterator[tuple[str, Guess]]:
    name = _guess_name(it)
    framework = _guess_framework(it)
    of_framework = framework.value if framework else ""
    yield "project_name", name
    yield "package_name", _guess_package(it, name)
    if code := _guess_code(it):
        yield "code", code
    if found := it.metadata.get("description"):
        yield "description", Guess(one_line(found.value), found.origin)
    if author := it.metadata.get("author"):
        # Both, even if one is empty: the default would be another person's.
        yield "author_name", Guess(author.value[0], author.origin)
        yield "author_email", Guess(author.value[1], author.origin)
    yield "license", guess_license(it)
    for question, found in (
        ("copyright_year", guess_year(it)),
        ("repository_url", _guess_repository(it)),
        ("forge", IN_A_FOLDER if it.project.prefix else _guess_by_file(it, FORGES)),
        ("dependency_bot", IN_A_FOLDER if it.project.prefix else _guess_by_file(it, BOTS)),
        ("framework", framework),
        ("python_version", _guess_python(it, of_framework)),
        ("cuda_version", _guess_cuda(it, of_framework)),
    ):
        if found:
            yield question, found
    yield from _guess_index(it)
    yield from _guess_parts(it)


def _guess_parts(it: Evidence) -> Iterator[tuple[str, Guess]]:
    """Choose the parts whose files exist; for own code, also containers and missing docs."""
    parts = {part for part, pattern in PARTS.items() if it.named(pattern)}
    origin = "its files"
    if _guess_code(it):
        wanted = {"containers"} if it.named(DOCUMENTS) else {"containers", "docs"}
        origin = "its files" if wanted <= parts else "its files, and parts that need no code"
        parts |= wanted
    yield "profile", Guess("choose" if parts else "minimal", origin)
    if parts:
        yield "features", Guess([part for part in PARTS if part in parts], origin)


def _guess_name(it: Evidence) -> Guess:
    """Choose the name in the metadata, else that of the remote, else the folder's."""
    if declared := it.metadata.get("name"):
        return Guess(one_line(declared.value), declared.origin)
    last = re.split(r"[/:]", _read_remote(it).rstrip("/"))[-1].removesuffix(".git")
    # The remote names the whole repository; a project may be one folder of it.
    if not it.project.prefix and re.fullmatch(r"[\w.-]*\w[\w.-]*", last):
        return Guess(last, "the remote 'origin'")
    return Guess(it.project.folder.name, "the folder's name")


def _guess_package(it: Evidence, name: Guess) -> Guess:
    """Choose the existing package; of several, the one named like the project."""
    wanted = re.sub(r"[^a-z0-9]+", "_", name.value.lower()).strip("_")
    found = _find_packages(it)
    if wanted in found:
        return Guess(wanted, found[wanted])
    if len(found) == 1:
        return Guess(*found.popitem())
    is_src = "src/__init__.py" in it.paths and not found
    return Guess(wanted, f"{name.origin}; the package is called src" if is_src else name.origin)


def _guess_code(it: Evidence) -> Guess | None:
    """Choose 'own' if the repository has Python code."""
    modules = it.named(
        r"(?!(docs?|examples)/)(.*/)?(?!(setup|conftest|noxfile|tasks)\.py)[^/]+\.py"
    )
    packages = [path for path in modules if path.endswith("/__init__.py")]
    return Guess("own", [*packages, *modules][0]) if modules else None


def _find_packages(it: Evidence) -> dict[str, str]:
    """Map each top-level package to its folder; below src, at any depth.

    A parent folder without ``__init__.py`` is a namespace package, shared with other projects.
    """
    modules = it.named(r"\w+/__init__\.py|src/(\w+/)+__init__\.py")
    folders = [path.removesuffix("__init__.py") for path in modules]
    outer = [at for at in folders if not any(at != up and at.startswith(up) for up in folders)]
    found = {folder.split("/")[-2]: folder for folder in reversed(outer)}
    return {package: found[package] for package in found if package not in NO_PACKAGES}


def _guess_repository(it: Evidence) -> Guess | None:
    """Return the https URL of the remote, without credentials."""
    if found := _browsable(_read_remote(it)):
        return Guess(found, "the remote 'origin'")
    declared = it.metadata.get("url")
    found = _browsable(str(declared.value)) if declared else ""
    return Guess(found, declared.origin) if found and declared else None


def _read_remote(it: Evidence) -> str:
    return it.project.git.attempt("remote", "get-url", "origin").stdout.decode().strip()


def _browsable(url: str) -> str:
    if "://" not in url and (short := re.fullmatch(r"(?:[^@/]+@)?([^:/]+\.[^:/]+):(.+)", url)):
        url = f"ssh://{short[1]}/{short[2]}"
    try:
        parts = urlsplit(url)
        # An SSH port is no https port.
        port = f":{parts.port}" if parts.port and parts.scheme == "https" else ""
    except ValueError:
        return ""
    path = parts.path.rstrip("/").removesuffix(".git").strip("/")
    known = parts.scheme in ("https", "http", "ssh", "git", "git+ssh")
    return f"https://{parts.hostname}{port}/{path}" if known and parts.hostname and path else ""


def _guess_by_file(it: Evidence, patterns: Mapping[str, str]) -> Guess | None:
    """Return the first answer whose files exist."""
    for answer, pattern in patterns.items():
        if found := it.named(pattern):
            return Guess(answer, found[0])
    return None


def _guess_framework(it: Evidence) -> Guess | None:
    for required in it.requirements:
        for name, framework in FRAMEWORKS.items():
            if origin := required.get(name):
                return Guess(framework, f"{name} in {origin}")
    for module, framework in MODULES.items():
        if path := it.importing(module):
            return Guess(framework, f"{path} imports {module}")
    return None


def _guess_python(it: Evidence, framework: str) -> Guess | None:
    found = it.metadata.get("python")
    declared = re.search(r"(?<![<\d.])(?<![<!]=)\s*3\.(\d+)", str(found.value)) if found else None
    if found and declared:
        return _nearest_python(declared[1], framework, found.origin)
    for files, pattern in PYTHON_FILES:
        for path in it.named(files):
            if match := re.search(pattern, it.read(path), re.MULTILINE | re.IGNORECASE):
                return _nearest_python(match[1], framework, path)
    return None


def _nearest_python(minor: str, framework: str, origin: str) -> Guess:
    oldest, newest = PYTHONS.get(framework, OTHER_PYTHONS)
    offered = min(max(int(minor), oldest), newest)
    return _offer(f"3.{offered}", f"3.{minor}", origin)


def _guess_cuda(it: Evidence, framework: str) -> Guess | None:
    for pattern in CUDA_FILES:
        for path in it.named(pattern):
            if found := CUDA.search(it.read(path)):
                of_torch = f"{found['major']}.{found['minor']}" if found["major"] else ""
                asked = of_torch or found["version"] or found["jax"]
                return _nearest_cuda(asked, framework, f"{found[0]} in {path}")
    return None


def _nearest_cuda(version: str, framework: str, origin: str) -> Guess | None:
    """Return the nearest offered CUDA; JAX names no minor version."""
    major, minor = map(int, f"{version}.0".split(".")[:2])

    def distance(offered: str) -> tuple[int, int]:
        there = [int(part) for part in offered.split(".")]
        return abs(there[0] - major), abs(there[1] - minor)

    if framework and framework not in CUDAS:
        return None  # The question is not asked.
    nearest = min(CUDAS.get(framework, CUDAS["pytorch"]), key=distance)
    return _offer(nearest, version, origin)


def _offer(nearest: str, asked: str, origin: str) -> Guess:
    """Return an answer, with a note if the template does not offer the requested one."""
    note = "" if nearest == asked else f"; nearest offered version to {asked}"
    return Guess(nearest, origin + note)


def _guess_index(it: Evidence) -> Iterator[tuple[str, Guess]]:
    """Suggest the answers about package indexes, without credentials."""
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
    """Find the indexes other than the public one and those of PyTorch builds."""
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
    """Remove credentials from a URL; return nothing if it is not a plain https URL."""
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return ""
    plain = f"{parts.scheme}://{host}{parts.path}".rstrip("/")
    return plain if re.fullmatch(r"https://[A-Za-z0-9._~:/%+-]+", plain) else ""
