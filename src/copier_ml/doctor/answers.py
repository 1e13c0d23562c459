"""Check that a project's answers file is as the last update wrote it."""

from dataclasses import replace
from typing import Any

from copier_ml.shared.branch import MESSAGE, TRAILER
from copier_ml.shared.errors import RefusalError
from copier_ml.shared.project import ANSWERS_FILE, Project

from .findings import Report

REQUIRED = {"_src_path": "the template's address", "_commit": "the template's version"}

FROM_HISTORY = f"restore it from Git's history, which 'git log -p -- {ANSWERS_FILE}' shows"


def read(project: Project, report: Report) -> Project | None:
    """Read the answers; if they are unusable, report why and return None.

    Raises:
        RefusalError: The project never had answers.
    """
    git, path = project.git, project.prefix + ANSWERS_FILE
    answers = _answers_at(project, project.head)
    exists = (project.folder / ANSWERS_FILE).exists()
    if answers is None and not git.run("log", "-1", "--format=%h", "--", path):
        remedy = "commit it" if exists else "run 'copier-ml adopt' to add one"
        raise RefusalError(f"{project.folder} has no {ANSWERS_FILE} in its last commit; {remedy}")
    if answers is None:
        report.add(ANSWERS_FILE, "it was deleted", "a committed file", FROM_HISTORY)
        return None
    if git.attempt("diff", "--quiet", "HEAD", "--", path).returncode:
        report.add(
            ANSWERS_FILE,
            "it has uncommitted changes",
            "the file as the last update wrote it",
            f"run 'git checkout HEAD -- {ANSWERS_FILE}'; 'copier-ml update --data' changes answers",
        )
    if not isinstance(answers, dict):
        report.add(ANSWERS_FILE, "it has no answers", "'question: answer' lines", FROM_HISTORY)
        return None
    missing = [key for key in REQUIRED if not isinstance(answers.get(key), str)]
    for key in missing:
        report.add(ANSWERS_FILE, f"it has no text for {key}", REQUIRED[key], FROM_HISTORY)
    if missing:
        return None
    known = replace(project, answers=answers)
    _find_edits(known, report)
    return known


def _answers_at(project: Project, commit: str) -> Any:
    """Read the answers of a commit: None without the file, text if it is invalid YAML."""
    from yaml import YAMLError, safe_load

    found = project.git.attempt("show", f"{commit}:{project.prefix}{ANSWERS_FILE}")
    if found.returncode:
        return None
    try:
        return safe_load(found.stdout) or ""
    except YAMLError:
        return found.stdout.decode("utf-8", "replace")


def _find_edits(project: Project, report: Report) -> None:
    """Report answers that differ from those of the last update: an edit renders no files."""
    commit, before = _find_written(project)
    for name, answer in project.answers.items():
        if name in before and before[name] != answer and name not in REQUIRED:
            was, now = before[name], answer
            report.add(
                ANSWERS_FILE,
                f"{name} was {was!r} in {commit} and is now {now!r}, without an update",
                f"the answer that the files were rendered with: {was!r}",
                f"restore {was!r} and commit; 'copier-ml update --data {name}=ANSWER' changes an "
                "answer and its files",
            )


def _find_written(project: Project) -> tuple[str, dict[str, Any]]:
    """Find the last commit that rendered the answers, and the answers in it.

    It changed the version, or copier-ml created it.
    """
    logged = project.git.run(
        "log", "-z", f"--format=%h %s%n%(trailers:key={TRAILER},valueonly)", project.head,
        "--", project.prefix + ANSWERS_FILE
    )  # fmt: skip
    commit = ""
    for record in logged.split("\0"):
        subject, _, trailer = record.partition("\n")
        commit, _, subject = subject.partition(" ")
        now, before = (_answers_at(project, name) for name in (commit, f"{commit}^"))
        is_ours = trailer.strip() or subject.startswith(MESSAGE)
        if not isinstance(now, dict):
            continue
        if is_ours or not isinstance(before, dict) or now["_commit"] != before.get("_commit"):
            return commit, now
    return commit, {}
