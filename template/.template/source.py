"""Print where the template is, in the words of uvx, for `just update-template`.

.copier-answers.yml has it in the words of Copier; the variable COPIER_ML_SOURCE is stronger. This
needs nothing but Python, so that a project can be updated whose environment is broken.
"""

import json
import os
import re
import sys
from pathlib import Path

ANSWERS = Path(".copier-answers.yml")
SHORT = {"gh": "https://github.com", "gl": "https://gitlab.com"}


def main() -> None:
    """Print the source, or end with one line and exit code 2, as an update that is refused."""
    try:
        print(os.environ.get("COPIER_ML_SOURCE") or source(recorded(ANSWERS)))
    except (OSError, ValueError) as error:
        print(f"template: {error}", file=sys.stderr)
        sys.exit(2)


def recorded(answers: Path) -> str:
    """Read the template's address from the answers, without a library for YAML.

    Raises:
        ValueError: If it is not there.
    """
    # A long address with spaces goes on in the next lines, which are indented.
    found = re.search(r"(?m)^_src_path:(.*(?:\n[ \t]+.*)*)$", answers.read_text(encoding="utf-8"))
    text = " ".join(found[1].split()) if found else ""
    if not text:
        raise ValueError(
            f"{answers} has no _src_path: set COPIER_ML_SOURCE to the template's folder or address"
        )
    if text[0] == '"':
        return str(json.loads(re.sub(r"\\x(..)", r"\\u00\1", text)))  # JSON does not know \x.
    return text[1:-1].replace("''", "'") if text[0] == "'" else text


def source(address: str) -> str:
    """Say a folder or an address of Git in the words of uvx: a folder, or `git+` and a URL.

    Raises:
        ValueError: If it is neither.
    """
    folder = Path(address).expanduser()
    if folder.is_dir():
        # A repository without a work tree has no pyproject.toml to see.
        is_bare = not (folder / "pyproject.toml").exists()
        return f"git+{folder.resolve().as_uri()}" if is_bare else str(folder)
    plain = address.removeprefix("git+")
    if "://" in plain:
        return f"git+{plain}"
    if found := re.fullmatch(r"(gh|gl):/*(.+)", plain):
        return f"git+{SHORT[found[1]]}/{found[2]}"
    if found := re.fullmatch(r"([\w.-]+@[\w.-]+):/*(.+)", plain):
        return f"git+ssh://{found[1]}/{found[2]}"
    raise ValueError(
        f"{address!r}, the _src_path of {ANSWERS}, is no folder here and no address of Git: "
        "set COPIER_ML_SOURCE to the template's folder or address"
    )


if __name__ == "__main__":
    main()
