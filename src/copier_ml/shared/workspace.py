"""uv's workspaces: uv reads ``[tool.uv]`` at their root alone, so a member loses its own."""

import os
import tomllib
from pathlib import Path, PurePosixPath


def refuse_member(folder: Path) -> None:
    """Refuse a folder that is, or would be, a member of a workspace.

    Raises:
        ValueError: It is; the text names the workspace and the way out.
    """
    folder = Path(os.path.abspath(folder))  # noqa: PTH100  (links are the caller's business)
    for root in folder.parents:
        try:
            text = (root / "pyproject.toml").read_text(encoding="utf-8")
            workspace = tomllib.loads(text)["tool"]["uv"]["workspace"]
        except (OSError, ValueError, KeyError, TypeError):
            continue  # It is the owner's business what is wrong with it.
        path = folder.relative_to(root).as_posix()
        members, excluded = (workspace.get(key, []) for key in ("members", "exclude"))
        if _fits(path, members) and not _fits(path, excluded):
            raise ValueError(
                f"{folder} belongs to the uv workspace of {root}, where uv ignores the platforms "
                f'and indexes of a project: add "{path}" to exclude of [tool.uv.workspace] there'
            )


def _fits(path: str, patterns: list[str]) -> bool:
    """Tell whether a path fits a pattern, whose star stands for no slash."""
    depth = path.count("/")
    return any(
        PurePosixPath(path).match(pattern.rstrip("/"))
        for pattern in patterns
        if "**" in pattern or pattern.rstrip("/").count("/") == depth
    )
