"""Write docs/reference/variants.md and .html: what the tests ran for each answer and each pair.

    uv run pytest -m "" --junitxml=reports/all.xml
    uv run python scripts/write_variants.py reports

A test records what it runs with ``builds.tell``; the report has its duration and result.
``--seconds tests/seconds.json`` also writes the durations, by which ``scripts/share_out.py``
balances jobs.
"""

import argparse
import itertools
import json
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

ROOT = Path(__file__).parents[1]
STEPS = {
    "rendered": "every file is written, parsed and checked",
    "locked": "uv creates a lockfile for all platforms",
    "installed": "the locked packages are installed",
    "checked": "`just check`: format, lint, types",
    "tested": "`just test`: the project's own tests",
    "trained": "a model is trained, evaluated and used",
    "built": "`just build`: a wheel and a source distribution",
    "imaged": "its images are built and run",
    "updated": "a project of an older release is updated to it",
}
"""Steps of a test, from the fastest to the slowest, with their descriptions."""

Value = tuple[str, str]
"""A question and its answer."""


@dataclass(frozen=True)
class Run:
    """One test, with the variants that it ran."""

    test: str
    seconds: float
    result: str
    """``passed``, ``failed`` or ``skipped``."""

    steps: list[str] = field(default_factory=list)
    answers: list[dict[str, str]] = field(default_factory=list)

    def values(self) -> set[Value]:
        """Collect the answers of all its variants."""
        return {value for one in self.answers for value in one.items()}

    def pairs(self) -> set[frozenset[Value]]:
        """Collect each two answers that are in one of its variants."""
        pairs = (pair for one in self.answers for pair in itertools.combinations(one.items(), 2))
        return {frozenset(pair) for pair in pairs}


def main() -> None:
    """Read reports and write both pages and the seconds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("reports", type=Path, help="folder of reports that --junitxml wrote")
    parser.add_argument("--folder", type=Path, default=ROOT / "docs" / "reference")
    parser.add_argument("--seconds", type=Path, help="file for the duration of each test")
    options = parser.parse_args()
    runs = read_all(options.reports)
    if not any(run.answers for run in runs):
        sys.exit(f"no report in {options.reports} names a variant; write one with --junitxml")
    for name, text in pages(runs).items():
        (options.folder / name).write_text(text, encoding="utf-8")
    if options.seconds:
        long = {run.test: round(run.seconds) for run in runs if run.seconds >= 1}
        options.seconds.write_text(json.dumps(dict(sorted(long.items())), indent=1) + "\n")


def read_all(folder: Path) -> list[Run]:
    """Read all reports of a folder; if a test ran twice, the newer report counts."""
    reports = sorted(folder.glob("*.xml"), key=lambda path: path.stat().st_mtime_ns)
    return list({run.test: run for report in reports for run in read(report)}.values())


def read(report: Path) -> Iterator[Run]:
    """Read a JUnit report of pytest; tests are named ``path::test``."""
    for case in ET.parse(report).iter("testcase"):  # noqa: S314  (our own)
        path = case.attrib["classname"].replace(".", "/") + ".py"
        children = {child.tag for child in case}
        result = "failed" if children & {"failure", "error"} else "passed"
        result = "skipped" if "skipped" in children else result
        texts = [p.attrib["value"] for p in case.iter("property") if p.get("name") == "variants"]
        variants = [json.loads(text) for text in texts]
        steps = list(dict.fromkeys(step for one in variants for step in one["steps"]))
        answers = [answers for one in variants for answers in one["answers"]]
        name = f"{path}::{case.attrib['name']}"
        yield Run(name, float(case.attrib["time"]), result, steps, answers)


def pages(runs: list[Run]) -> dict[str, str]:
    """Render both pages from the same tables."""
    engine = Environment(
        loader=FileSystemLoader(ROOT / "scripts" / "variants"),
        autoescape=select_autoescape(),
        keep_trailing_newline=True,
        lstrip_blocks=True,
        trim_blocks=True,
        undefined=StrictUndefined,
    )
    facts = tables(runs)
    sources = {"variants.md": "variants.md.jinja", "variants.html": "variants.html"}
    return {name: engine.get_template(source).render(facts) for name, source in sources.items()}


def tables(runs: list[Run]) -> dict[str, Any]:
    """Count the runs by answer, by pair of answers, and by pair of questions."""
    telling = [run for run in runs if run.answers]
    by_value = _count(telling, Run.values)
    by_pair = _count(telling, Run.pairs)
    given = dict.fromkeys(v for run in telling for one in run.answers for v in one.items())
    questions = list(dict.fromkeys(name for name, _ in given))
    values = sorted(given, key=lambda value: questions.index(value[0]))
    failed = [run for run in runs if run.result == "failed"]
    return {
        "steps": STEPS,
        "total": Counter(run.result for run in runs),
        "minutes": round(sum(run.seconds for run in runs) / 60),
        "failed": failed,
        "values": [(*value, by_value[value]) for value in values],
        "questions": _by_questions(by_pair),
        "pairs": [
            (*one, [(*other, by_pair.get(frozenset((one, other)), {})) for other in values])
            for one in values
        ],
        "runs": sorted(telling, key=lambda run: -run.seconds),
    }


def _count(runs: Iterable[Run], keys: Any) -> dict[Any, dict[str, str]]:
    """Map each key to its passed runs by step: ``3``, or ``1 of 3`` if others failed."""
    passed: dict[Any, Counter[str]] = {}
    tried: dict[Any, Counter[str]] = {}
    for run in (run for run in runs if run.result != "skipped"):
        for key in keys(run):
            tried.setdefault(key, Counter()).update(run.steps)
            passed.setdefault(key, Counter()).update(run.steps if run.result == "passed" else [])
    return {
        key: {
            step: str(n) if passed[key][step] == n else f"{passed[key][step]} of {n}"
            for step, n in counts.items()
        }
        for key, counts in tried.items()
    }


def _by_questions(by_pair: dict[Any, dict[str, str]]) -> list[tuple[str, dict[str, int]]]:
    """Count the pairs of answers that each step covered, for each pair of questions."""
    counted: dict[str, Counter[str]] = {}
    for pair, steps in by_pair.items():
        names = " and ".join(sorted(f"`{name}`" for name, _ in pair))
        counted.setdefault(names, Counter()).update(steps.keys())
    return [(names, dict(counts)) for names, counts in sorted(counted.items())]


if __name__ == "__main__":
    main()
