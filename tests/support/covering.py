"""A few renders in which every file of the template and every answer of a choice stands.

For tools that look at one file at a time, they are worth as much as all variants.
"""

from pathlib import Path

from conftest import Answers, copy

AT_AN_INDEX: Answers = {"package_index_url": "https://packages.example.org/simple"}
BY_SOMEBODY: Answers = {"author_name": "Ada Lovelace", "author_email": "ada@example.org"}

COVERING: dict[str, Answers] = {
    "everything": {
        "framework": "sklearn",
        "python_version": "3.11",
        "forge": "github",
        "dependency_bot": "dependabot",
        "license": "Apache-2.0",
        "repository_url": "https://github.com/owner/name",
        "package_index": "public",
        "package_index_auth": "none",
        "profile": "everything",
        "cuda_version": "none",
    }
    | BY_SOMEBODY,
    "token": {
        "framework": "pytorch",
        "python_version": "3.12",
        "cuda_version": "13.0",
        "forge": "github",
        "dependency_bot": "renovate",
        "license": "MIT",
        "package_index": "private",
        "package_index_auth": "token",
        "profile": "everything",
    }
    | AT_AN_INDEX,
    "mirror": {
        "framework": "jax",
        "python_version": "3.13",
        "cuda_version": "12.6",
        "forge": "gitlab",
        "dependency_bot": "renovate",
        "license": "BSD-3-Clause",
        "repository_url": "https://gitlab.com/owner/name",
        "package_index": "mirror",
        "package_index_auth": "none",
        "profile": "standard",
    }
    | AT_AN_INDEX
    | BY_SOMEBODY,
    "bare": {
        "framework": "sklearn",
        "python_version": "3.14",
        "forge": "none",
        "dependency_bot": "none",
        "license": "Proprietary",
        "profile": "minimal",
    },
    "keyring": {
        "framework": "pytorch",
        "python_version": "3.12",
        "cuda_version": "13.2",
        "forge": "gitlab",
        "license": "existing",
        "package_index": "private",
        "package_index_auth": "keyring",
        "profile": "choose",
        "features": ["serving", "environments", "notebooks"],
    }
    | AT_AN_INDEX,
    "xgboost": {"framework": "xgboost", "python_version": "3.11", "profile": "everything"},
    "lightgbm": {"framework": "lightgbm", "python_version": "3.12", "profile": "everything"},
    "cpu": {
        "framework": "jax",
        "python_version": "3.12",
        "cuda_version": "none",
        "forge": "github",
        "profile": "choose",
        "features": ["tuning", "devcontainer"],
    },
    "own": {
        "code": "own",
        "framework": "pytorch",
        "forge": "github",
        "license": "existing",
        "profile": "standard",
    },
}


def render_all(template: Path, folder: Path) -> Path:
    """Render them side by side, so that one process of a tool reads them all."""
    for name, answers in COVERING.items():
        copy(template, folder / name, answers)
    return folder
