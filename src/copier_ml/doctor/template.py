"""Compare a project with its template."""

import re
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from copier_ml.shared import sandbox, template, trust
from copier_ml.shared.errors import describe, mistakes
from copier_ml.shared.project import ANSWERS_FILE, Project
from copier_ml.shared.rendering import Rendering, render
from copier_ml.shared.template import DESCRIBED, Template
from copier_ml.update import ownership

from .findings import Report
from .version import find_nearest

HASH = re.compile(r"[0-9a-f]{7,64}")
"""Output of ``git describe`` for a commit without an earlier tag."""

ADDRESS = f"set _src_path in {ANSWERS_FILE} to its new address, and commit"


def examine(project: Project, report: Report, *, is_trusted: bool) -> None:
    """Compare a project with its template, if available.

    Args:
        project: The project, with its answers.
        report: The report to extend.
        is_trusted: Whether the user allows the template to run code.
    """
    with TemporaryDirectory(prefix="copier-ml-") as name:
        _examine(project, report, Path(name).resolve(), is_trusted=is_trusted)


def _examine(project: Project, report: Report, work: Path, *, is_trusted: bool) -> None:
    try:
        source = template.fetch(project.source, work / "template.git", project.folder)
    except ValueError as error:
        remedy = f"check the network and Git's login; if the template moved, {ADDRESS}"
        report.add(project.source, describe(error), "a template that git can clone", remedy)
        return
    if moved := find_redirect(source):
        remedy = ADDRESS.replace("its new address", moved)
        report.add(project.source, f"it redirects to {moved}", "the template's address", remedy)
    report.newest = source.newest()
    if not (commit := _find_commit(source, project, report)):
        return
    if source.version(source.resolve(report.newest)) > source.version(commit):
        report.notes.append(
            f"template {report.newest} is available; 'copier-ml preview' shows its changes"
        )
    if not (is_trusted or trust.is_trusted(source.url)):
        report.notes.append(
            "answers and files were not compared with the template, because rendering runs its "
            "code: add --trust to allow it"
        )
        return
    try:
        rendering = render(source, commit, project.answers, work / "render")
    except mistakes() as error:
        reason = f"the template cannot be rendered with the answers: {describe(error)}"
        remedy = "correct the answer with 'copier-ml update --data QUESTION=ANSWER'"
        report.add(ANSWERS_FILE, reason, "valid answers", remedy)
        return
    _compare_answers(project.answers, rendering, report)
    _find_drift(project, rendering, sandbox.make(work / "sandbox", project.git), report)


def find_redirect(source: Template) -> str:
    """Return the address that a template's URL redirects to; empty if it does not."""
    if not source.url.startswith(("http://", "https://")):
        return ""
    asked = source.git.attempt("ls-remote", "--heads", "--", source.url)
    lines = asked.stderr.decode("utf-8", "replace").splitlines()
    found = [line.partition("redirecting to ")[2] for line in lines if "redirecting to " in line]
    return found[-1].rstrip("/") if found else ""


def _find_commit(source: Template, project: Project, report: Report) -> str:
    """Find the commit of the project's version; report if the template lacks it."""
    try:
        return source.resolve(project.commit)
    except ValueError:
        after = DESCRIBED.fullmatch(project.commit)
    reason = "its tag was deleted"
    if after or HASH.fullmatch(project.commit):
        reason = "it was rendered from uncommitted changes, or from a deleted commit"
    is_tagged = after and after["tag"] in source.git.run("tag", "--list").split()
    nearest = after["tag"] if after and is_tagged else find_nearest(source, project)
    report.add(
        f"_commit: {project.commit}",
        f"the template has no such version: {reason}",
        "a version that an update can start from",
        f"restore it in the template, or set _commit in {ANSWERS_FILE} to "
        f"{nearest or 'an older version'}, which fits the project's files, and commit; the next "
        "update adds the rest",
    )
    return ""


def _compare_answers(answers: Mapping[str, Any], rendering: Rendering, report: Report) -> None:
    """Compare the recorded answers with the rendered ones."""
    rendered, questions = rendering.answers, rendering.worker.template.questions_data
    recorded = {name: answer for name, answer in answers.items() if not name.startswith("_")}
    for name, answer in recorded.items():
        if name not in questions:
            reason = f"{name} is not a question"
            report.add(ANSWERS_FILE, reason, "questions of the template", "remove the line")
        elif name not in rendered:
            reason = f"{name} does not apply with the other answers"
            report.add(ANSWERS_FILE, reason, "questions that apply", "remove the line")
        elif rendered[name] != answer:
            report.add(
                ANSWERS_FILE,
                f"{name} is {answer!r}, which is invalid",
                f"a valid answer; the next update uses {rendered[name]!r}",
                f"run 'copier-ml update --data {name}=ANSWER'",
            )
    for name in rendered:
        if name not in answers:
            report.add(
                ANSWERS_FILE,
                f"{name} has no answer",
                f"an answer; the next update uses {rendered[name]!r}",
                f"add the line '{name}: ANSWER' with the answer the project was rendered with",
            )


def _find_drift(
    project: Project, rendering: Rendering, where: sandbox.Sandbox, report: Report
) -> None:
    """Report the owner's changes of the template's files."""
    start = len(project.prefix)
    whole = where.read(f"{project.head}^{{tree}}").items()
    ours = {path[start:]: entry for path, entry in whole if path.startswith(project.prefix)}
    base = where.add(rendering.folder)
    report.renamed = where.find_renames(base, ours)
    try:
        own = ownership.find(project, where, base, ours)
    except ValueError as error:  # A shallow clone.
        own = set()
        report.notes.append(str(error))
    report.owned = sorted(own - {ANSWERS_FILE})
    report.edited = [
        path
        for path in base
        if ours.get(path, base[path]) != base[path]
        and path not in own
        and path != ANSWERS_FILE
        and not rendering.is_owners(path)
    ]
    gone = [path for path in base if path not in ours and path not in report.renamed]
    report.deleted = [path for path in gone if not rendering.is_owners(path)]
    known = {*base, *report.renamed.values()}
    report.extra = [path for path in ours if path not in known]
