"""Write passwords that .env lacks into it, for `just up`. What is there stays as it is."""

import secrets
import sys
from pathlib import Path

ENV = Path(".env")


def main(names: list[str]) -> None:
    """Write a line for each name that has none."""
    ENV.touch(mode=0o600)
    ENV.chmod(0o600)  # It may have been there.
    text = ENV.read_text(encoding="utf-8")
    there = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    for name in names:
        if name in there and not there[name].strip("\"' "):
            raise SystemExit(f"up: {name} is empty in .env; delete the line, and one is made")
    made = [f"{name}={secrets.token_hex(24)}\n" for name in names if name not in there]
    if made and text and not text.endswith("\n"):
        made.insert(0, "\n")
    with ENV.open("a", encoding="utf-8", newline="\n") as file:
        file.writelines(made)


if __name__ == "__main__":
    main(sys.argv[1:])
