"""Whether a project's answers file is as the template wrote it."""

from dataclasses import replace
from typing import Any

from copier_ml.shared.branch import MESSAGE, TRAILER
from copier_ml.shared.errors import RefusalError
from copier_ml.shared.project import ANSWERS_FILE, Project

from .findings import Report

REQUIRED = {"_src_path": "the template's address", "_commit": "the template's version"}

FROM_HISTORY = f"get it back from Git's history: 'git log -p -- {ANSWERS_FILE}' shows it"


def read(project: Project, report: Report) -> Project | None:
    """Read the answers; without ones to go on with, say what is wrong and give None.

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
        report.add(ANSWERS_FILE, "it was deleted", "a file that is committed", FROM_HISTORY)
        return None
    if git.attempt("diff", "--quiet", "HEAD", "--", path).returncode:
        report.add(
            ANSWERS_FILE,
            "it has changes that are not committed",
            "the file as the last update wrote it",
            f"'git checkout HEAD -- {ANSWERS_FILE}'; 'copier-ml update --data' changes an answer",
        )
    if not isinstance(answers, dict):
        report.add(ANSWERS_FILE, "it holds no answers", "'question: answer' lines", FROM_HISTORY)
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
    """Read the answers of a commit: None if there is no file, text if it is no YAML."""
    from yaml import YAMLError, safe_load

    found = project.git.attempt("show", f"{commit}:{project.prefix}{ANSWERS_FILE}")
    if found.returncode:
        return None
    try:
        return safe_load(found.stdout) or ""
    except YAMLError:
        return found.stdout.decode("utf-8", "replace")


def _find_edits(project: Project, report: Report) -> None:
    """Compare the answers with those of the last update: only an update renders new ones."""
    commit, before = _find_written(project)
    for name, answer in project.answers.items():
        if name in before and before[name] != answer and name not in REQUIRED:
            was, now = before[name], answer
            report.add(
                ANSWERS_FILE,
                f"{name} was {was!r} in {commit} and is {now!r} now, and no update made it so",
                f"an answer that its files were rendered with: {was!r}",
                f"write {was!r} again and commit; 'copier-ml update --data {name}=ANSWER' changes "
                "an answer with its files",
            )


def _find_written(project: Project) -> tuple[str, dict[str, Any]]:
    """Find the last commit that wrote the answers with their files, and the answers in it.

    It changed the version, or an update of copier-ml made it.
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
