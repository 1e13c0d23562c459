"""uv workspaces: uv reads ``[tool.uv]`` only at their root and ignores a member's."""

import os
import tomllib
from pathlib import Path, PurePosixPath


def refuse_member(folder: Path) -> None:
    """Refuse a folder that is, or would be, a member of a workspace.

    Raises:
        ValueError: It is; the text names the workspace and the fix.
    """
    folder = Path(os.path.abspath(folder))  # noqa: PTH100  (keeps links)
    for root in folder.parents:
        try:
            text = (root / "pyproject.toml").read_text(encoding="utf-8")
            workspace = tomllib.loads(text)["tool"]["uv"]["workspace"]
        except (OSError, ValueError, KeyError, TypeError):
            continue  # Not a workspace, or invalid.
        path = folder.relative_to(root).as_posix()
        members, excluded = (workspace.get(key, []) for key in ("members", "exclude"))
        if _fits(path, members) and not _fits(path, excluded):
            raise ValueError(
                f"{folder} is in the uv workspace {root}, where uv ignores a project's platforms "
                f'and indexes: add "{path}" to exclude in [tool.uv.workspace] there'
            )


def _fits(path: str, patterns: list[str]) -> bool:
    """Match a path with glob patterns, where ``*`` does not match a slash."""
    depth = path.count("/")
    return any(
        PurePosixPath(path).match(pattern.rstrip("/"))
        for pattern in patterns
        if "**" in pattern or pattern.rstrip("/").count("/") == depth
    )
