"""A project beside its template: whether the two still fit."""

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
"""What ``git describe`` calls a commit without a tag before it."""

ADDRESS = f"write its new address as _src_path into {ANSWERS_FILE}, and commit"


def examine(project: Project, report: Report, *, is_trusted: bool) -> None:
    """Compare a project with its template, as far as that is to be had.

    Args:
        project: The project, with its answers.
        report: Where findings are added.
        is_trusted: Whether the template may run its code even if nothing else says so.
    """
    with TemporaryDirectory(prefix="copier-ml-") as name:
        _examine(project, report, Path(name).resolve(), is_trusted=is_trusted)


def _examine(project: Project, report: Report, work: Path, *, is_trusted: bool) -> None:
    try:
        source = template.fetch(project.source, work / "template.git", project.folder)
    except ValueError as error:
        remedy = f"look at the network and the log-in; if the template moved, {ADDRESS}"
        report.add(project.source, describe(error), "a template that git can clone", remedy)
        return
    if moved := find_redirect(source):
        remedy = ADDRESS.replace("its new address", moved)
        report.add(project.source, f"it leads to {moved}", "the template's own address", remedy)
    report.newest = source.newest()
    if not (commit := _find_commit(source, project, report)):
        return
    if source.version(source.resolve(report.newest)) > source.version(commit):
        report.notes.append(
            f"the template's {report.newest} is there; 'copier-ml preview' says what it brings"
        )
    if not (is_trusted or trust.is_trusted(source.url)):
        report.notes.append(
            "answers and files were not compared with the template, since that runs the template's "
            "code: --trust lets it run"
        )
        return
    try:
        rendering = render(source, commit, project.answers, work / "render")
    except mistakes() as error:
        reason = f"the template makes nothing of the answers: {describe(error)}"
        remedy = "'copier-ml update --data QUESTION=ANSWER' with an answer that it takes"
        report.add(ANSWERS_FILE, reason, "answers that it takes", remedy)
        return
    _compare_answers(project.answers, rendering, report)
    _find_drift(project, rendering, sandbox.make(work / "sandbox", project.git), report)


def find_redirect(source: Template) -> str:
    """Say where a template's address leads instead; nothing if it is the right one."""
    if not source.url.startswith(("http://", "https://")):
        return ""
    asked = source.git.attempt("ls-remote", "--heads", "--", source.url)
    lines = asked.stderr.decode("utf-8", "replace").splitlines()
    found = [line.partition("redirecting to ")[2] for line in lines if "redirecting to " in line]
    return found[-1].rstrip("/") if found else ""


def _find_commit(source: Template, project: Project, report: Report) -> str:
    """Find the version that the project has; say why if the template lacks it."""
    try:
        return source.resolve(project.commit)
    except ValueError:
        after = DESCRIBED.fullmatch(project.commit)
    reason = "its tag is gone"
    if after or HASH.fullmatch(project.commit):
        reason = "it was made of changes that were not committed, or of a commit that is gone"
    is_tagged = after and after["tag"] in source.git.run("tag", "--list").split()
    nearest = after["tag"] if after and is_tagged else find_nearest(source, project)
    report.add(
        f"_commit: {project.commit}",
        f"the template has no such version: {reason}",
        "a version that an update can start from",
        f"bring it back in the template, or write {nearest or 'an older one'}, which fits the "
        f"project's files, as _commit into {ANSWERS_FILE}, and commit; the next update brings the "
        "rest",
    )
    return ""


def _compare_answers(answers: Mapping[str, Any], rendering: Rendering, report: Report) -> None:
    """Compare what is recorded with what the template makes of it."""
    rendered, questions = rendering.answers, rendering.worker.template.questions_data
    recorded = {name: answer for name, answer in answers.items() if not name.startswith("_")}
    for name, answer in recorded.items():
        if name not in questions:
            reason = f"{name} answers no question"
            report.add(ANSWERS_FILE, reason, "questions of the template", "take the line out")
        elif name not in rendered:
            reason = f"{name} is not asked, since another answer rules it out"
            report.add(ANSWERS_FILE, reason, "questions that are asked", "take the line out")
        elif rendered[name] != answer:
            report.add(
                ANSWERS_FILE,
                f"{name} is {answer!r}, which the template does not take",
                f"an answer that it takes; the next update takes {rendered[name]!r}",
                f"'copier-ml update --data {name}=ANSWER'",
            )
    for name in rendered:
        if name not in answers:
            report.add(
                ANSWERS_FILE,
                f"{name} has no answer",
                f"an answer; the next update takes {rendered[name]!r}",
                f"write 'name: answer' with what the project was made with: {name}",
            )


def _find_drift(
    project: Project, rendering: Rendering, where: sandbox.Sandbox, report: Report
) -> None:
    """Say what the owner did with the template's files."""
    start = len(project.prefix)
    whole = where.read(f"{project.head}^{{tree}}").items()
    ours = {path[start:]: entry for path, entry in whole if path.startswith(project.prefix)}
    base = where.add(rendering.folder)
    report.renamed = where.find_renames(base, ours)
    try:
        own = ownership.find(project, where, base, ours)
    except ValueError as error:  # A shallow clone does not tell.
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
