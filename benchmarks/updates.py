"""Compare an update and its preview with plain `copier update`.

    uv run python benchmarks/updates.py [--rounds N]

A project of an older release, with the default answers, is updated to the committed version,
without a network. Prints a Markdown table.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from comparison import COPIER, ENVIRONMENT, HEADER, ROOT, report, run

OLD = "v0.3.0"
PLAIN = [*COPIER[:3], "update", "--trust", "--defaults", "--quiet", "--skip-tasks"]
OURS = [sys.executable, "-m", "copier_ml"]
AUTHOR = {
    f"GIT_{role}_{part}": text
    for role in ("AUTHOR", "COMMITTER")
    for part, text in (("NAME", "benchmark"), ("EMAIL", "benchmark@example.org"))
}


def main() -> None:
    """Run every comparison and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    # A lock comes from uv's cache, or is left as it is.
    ENVIRONMENT.update(AUTHOR, UV_OFFLINE="1")
    with tempfile.TemporaryDirectory() as name:
        template = make_template(Path(name) / "template")
        print(HEADER)
        for command, goal in (("update", "<= 2 s"), ("preview", "<= 1 s")):
            compare(command, goal, template, Path(name) / command, rounds)


def make_template(folder: Path) -> Path:
    """Clone this repository, with tags for each release and for the committed version."""
    run("git", "clone", "--quiet", ROOT, folder)
    run(sys.executable, ROOT / "scripts" / "tag_releases.py", "--apply", cwd=folder)
    run("git", "tag", "v999.0.0", cwd=folder)
    return folder


def make_project(template: Path, folder: Path) -> Path:
    """Render the older release, and commit it."""
    run(*COPIER, "--skip-tasks", f"--vcs-ref={OLD}", template, folder)
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "all"]):
        run("git", *command, cwd=folder)
    return folder


def compare(command: str, goal: str, template: Path, folder: Path, rounds: int) -> None:
    """Time a command on one project, and Copier on a new one each round."""
    mine = make_project(template, folder / "mine")
    others = [make_project(template, folder / str(n)) for n in range(rounds)]

    def ours() -> None:
        run(*OURS, command, "--trust", mine)

    def plain() -> None:
        run(*PLAIN, cwd=others.pop())

    ours()  # Write bytecode.
    report(f"{command} from {OLD} ({goal})", ours, "copier update", plain, rounds, "")


if __name__ == "__main__":
    main()
