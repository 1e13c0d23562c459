"""Record the README's pictures from real runs: a terminal session and the evaluation report.

A project is created from a table, trained and evaluated. Each line of the session appears when it
was printed; pauses are cut to a second, and the duration of each command stands below it.

    uv run python scripts/record.py

It needs `chromium` on PATH, and Linux or macOS for the terminal.
"""

import csv
import io
import os
import random
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import pexpect
from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).parent.parent
IMAGES = ROOT / "docs" / "images"
COLUMNS = 100
LONGEST_WAIT_S = 1.0

SESSION = (
    "copier-ml new churn --table customers.csv --target churned --id customer --defaults",
    "cd churn",
    "uv run churn train",
    "uv run churn evaluate",
)

Line = tuple[float, str]
"""When a line was printed, in seconds, and the line with its colors."""


def main() -> None:
    """Run the session, then write both pictures."""
    chromium = shutil.which("chromium")
    if not chromium:
        raise SystemExit("record: needs chromium on PATH")
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_table(folder / "customers.csv")
        lines = record(folder)
        draw(lines, IMAGES / "first-model.svg")
        report = folder / "churn" / "reports" / "evaluation.html"
        picture = f"--screenshot={IMAGES / 'evaluation.png'}"
        options = ["--headless", "--no-sandbox", "--hide-scrollbars", "--window-size=1000,850"]
        subprocess.run([chromium, *options, picture, report.as_uri()], check=True)


def write_table(path: Path) -> None:
    """Write customers who leave: new ones after several calls, older ones with a high fee."""
    chance = random.Random(0)  # noqa: S311  (no secret)
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["customer", "months", "plan", "fee", "calls", "country", "churned"])
        for number in range(4000):
            months = chance.randint(1, 72)
            plan = chance.choice(["basic", "plus", "team"])
            fee = round(chance.uniform(5, 90), 2)
            calls = chance.choice([0, 0, 0, 1, 1, 2, 4, 7])
            is_new, is_pricey = months < 18, fee > {"basic": 30, "plus": 55, "team": 80}[plan]
            risk = 2 * (is_new and calls > 1) + 2 * (is_pricey and not is_new) - 1
            leaves = "yes" if risk + chance.gauss(0, 0.6) > 0 else "no"
            country = chance.choice(["DE", "FR", "US", ""])
            table.writerow([f"c{number:05}", months, plan, fee, calls, country, leaves])


def record(folder: Path) -> list[Line]:
    """Type the session into a terminal."""
    bin_folder = ROOT / ".venv" / "bin"
    environment = {key: os.environ[key] for key in os.environ if key != "VIRTUAL_ENV"}
    environment["PATH"] = f"{bin_folder}{os.pathsep}{environment['PATH']}"
    environment["TERM"] = "xterm-256color"
    template = folder / "copier-ml"  # A clone: Copier warns of uncommitted changes.
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(template)], check=True)
    source = ["--template", str(template), "--vcs-ref", "HEAD"]
    lines: list[Line] = []
    now, where = 0.0, folder
    for command in SESSION:
        lines.append((now, f"\x1b[1;32m$\x1b[0m \x1b[1m{command}\x1b[0m"))
        words = command.split()
        if words[0] == "cd":
            where /= words[1]
            continue
        arguments = [*words[1:], *(source if words[0] == "copier-ml" else [])]
        started = last = time.monotonic()
        terminal = pexpect.spawn(
            words[0], arguments, cwd=where, env=environment, encoding="utf-8", timeout=600,
            dimensions=(40, COLUMNS),
        )  # fmt: skip
        while line := terminal.readline():
            printed = time.monotonic()
            now += min(printed - last, LONGEST_WAIT_S)
            last = printed
            # A bar writes over itself: its last state is what stays.
            lines.append((now, line.rstrip("\r\n").rpartition("\r")[2]))
        terminal.close()
        if terminal.exitstatus:
            printed_lines = "\n".join(text for _, text in lines)
            raise SystemExit(f"record: {command!r} failed:\n{printed_lines}")
        if paths := [text for _, text in lines if str(ROOT) in text or str(folder) in text]:
            raise SystemExit(f"record: {command!r} printed a path of this machine: {paths[0]}")
        lines.append((now, f"\x1b[2m({time.monotonic() - started:.1f} s)\x1b[0m"))
    return lines


def draw(lines: list[Line], path: Path) -> None:
    """Draw the session; each line appears at its time, at once where motion is unwelcome."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), legacy_windows=False)
    times: list[float] = []
    for appears, line in lines:
        wrapped = Text.from_ansi(line).wrap(console, COLUMNS)
        times += [appears] * len(wrapped)
        for part in wrapped:
            console.print(part)
    svg = console.export_svg(title="churn")
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)  # No fonts from elsewhere.
    for number, appears in enumerate(times):
        mark = f'-line-{number})"'
        svg = svg.replace(mark, f'{mark} style="animation-delay:{appears:.2f}s"')
    motion = (
        "@media (prefers-reduced-motion: no-preference) {"
        "text[style] { animation: appear 1ms both } @keyframes appear { from { opacity: 0 } } }"
    )
    path.write_text(svg.replace("</style>", f"{motion}</style>", 1), encoding="utf-8")


if __name__ == "__main__":
    main()
