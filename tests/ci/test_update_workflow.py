"""The workflow that takes the newer template: both its jobs, with stand-ins for uv and gh."""

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import GIT_IDENTITY, ROOT, git
from workflow_steps import Run, load

WORKFLOW = ROOT / "template" / ".github" / "workflows" / "update-template.yml"
BRANCH = "template/v9.1.0"
PINNED = re.compile(r"uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")

UV = """\
#!/bin/sh
echo "$@" >> "$ASKED"
case "$4 $ENDS" in
preview-template*) echo "What v9.1.0 brings"; exit 0 ;;
"update-template nothing") echo "nothing to do"; exit 0 ;;
"update-template conflicts") echo "conflict in train.py"; exit 1 ;;
"update-template refused") echo "copier-ml: no such template"; exit 2 ;;
esac
git checkout --quiet -b template/v9.1.0
echo "$ENDS" > taken
if [ "$ENDS" = workflows ]; then mkdir -p .github/workflows && touch .github/workflows/new.yml; fi
git add --all && git commit --quiet --message taken && git checkout --quiet -
"""
"""Stands for `uv run --locked just ...`: it makes the branch as an update does, in place."""

GH = """\
#!%(python)s
import json, os, sys
from pathlib import Path

store = Path(os.environ["ISSUES" if sys.argv[1] == "issue" else "PULLS"])
pulls = json.loads(store.read_text()) if store.exists() else []
kind, action, *rest = sys.argv[1:]
options = {key: value for key, value in zip(rest, rest[1:]) if key.startswith("--")}
if kind == "auth":
    sys.exit()
if kind == "run":
    os.rename(os.environ["UPLOADED"], options["--dir"])
    sys.exit()
if kind == "issue":
    if action == "create":
        body = Path(options["--body-file"]).read_text()
        pulls.append({"title": options["--title"], "body": body})
        store.write_text(json.dumps(pulls))
    elif any(issue["title"] == os.environ["title"] for issue in pulls):
        print(1)
    sys.exit()
if action == "list":
    found = [p for p in pulls if options.get("--head", p["headRefName"]) == p["headRefName"]]
    if options["--state"] == "open":
        found = [p for p in found if p["state"] == "OPEN"]
    if "headRefName" in options["--json"]:
        begin = options["--jq"].partition('startswith("')[2].partition('"')[0]
        found = [p for p in found if p["headRefName"].startswith(begin)]
        print("".join(f"{p['number']} {p['headRefName']}\\n" for p in found), end="")
    elif "state" in options["--json"]:
        print("".join(p["state"] + "\\n" for p in found if p["state"] != "OPEN"), end="")
    else:
        print(found[0]["number"] if found else "")
if action == "create":
    pulls.append({"number": len(pulls) + 1, "headRefName": options["--head"], "state": "OPEN",
                  "base": options["--base"]})
    rest = [str(len(pulls)), *rest]
for pull in pulls if action in ("create", "edit", "close") else []:
    if str(pull["number"]) == rest[0]:
        pull["state"] = "CLOSED" if action == "close" else "OPEN"
        if action != "close":
            pull |= {"title": options["--title"], "body": Path(options["--body-file"]).read_text()}
store.write_text(json.dumps(pulls))
"""
"""Stands for GitHub: pull requests are in a file. What `--jq` selects is done here."""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the workflow runs on Linux")


def jobs() -> dict[str, dict[str, Any]]:
    """The jobs of the workflow: one takes the template, the other one proposes it."""
    found: dict[str, dict[str, Any]] = load(WORKFLOW)["jobs"]
    return found


class Forge:
    """A repository at a forge, and a runner that checks it out afresh for each run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.origin = folder / "origin.git"
        self.pulls_file = folder / "pulls.json"
        self.runs = 0
        git("init", "--quiet", "--bare", "--initial-branch=main", str(self.origin), folder=folder)
        start = self.clone("start")
        self.commit(start, "start")
        git("push", "--quiet", "origin", "HEAD:main", folder=start)
        programs = folder / "bin"
        programs.mkdir()
        for name, text in (("uv", UV), ("gh", GH % {"python": sys.executable})):
            (programs / name).write_text(text, encoding="utf-8")
            (programs / name).chmod(0o755)

    def clone(self, name: str) -> Path:
        git("clone", "--quiet", str(self.origin), name, folder=self.folder)
        return self.folder / name

    def commit(self, clone: Path, message: str) -> None:
        (clone / message).touch()
        git("add", "--all", folder=clone)
        git("commit", "--quiet", "--message", message, folder=clone)

    def run(self, ends: str, expect: int = 0) -> str:
        """Run the jobs as the forge would, each in a checkout of its own; return the summary."""
        self.runs += 1
        took = self.run_job("update", ends)
        if took.failed or not took.outputs["taken"]:
            assert bool(took.failed) == bool(expect), took.told
            return took.summary
        proposed = self.run_job("propose", "it runs nothing of the template")
        assert bool(proposed.failed) == bool(expect), proposed.told
        return took.summary + proposed.summary

    def run_job(self, job: str, ends: str) -> Run:
        """Run the shell steps of a job; what `update` leaves is uploaded."""
        work = self.clone(f"{job}{self.runs}")
        temporary = self.folder / f"temporary-{work.name}"
        temporary.mkdir()
        told = {
            "PATH": f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "ASKED": str(self.folder / "asked"),
            "ENDS": ends,
            "GITHUB_REF_NAME": "main",
            "GITHUB_RUN_ID": "1",
            "ISSUES": str(self.folder / "issues.json"),
            "PULLS": str(self.pulls_file),
            "UPLOADED": str(self.folder / f"temporary-update{self.runs}" / "template"),
        }
        return Run(WORKFLOW, job, **GIT_IDENTITY, **told).go(work, temporary)

    def pulls(self) -> list[dict[str, Any]]:
        found = json.loads(self.pulls_file.read_text()) if self.pulls_file.exists() else []
        return list(found)

    def taken(self) -> str:
        """What the branch at the forge has taken; empty without a branch."""
        if not git("branch", "--list", BRANCH, folder=self.origin):
            return ""
        return git("show", f"{BRANCH}:taken", folder=self.origin).strip()


@pytest.fixture
def forge(tmp_path: Path) -> Forge:
    return Forge(tmp_path)


def test_a_newer_version_is_one_pull_request_with_the_preview_as_its_text(forge: Forge) -> None:
    assert forge.run("one") == ""
    (pull,) = forge.pulls()
    assert pull["headRefName"] == BRANCH
    assert pull["base"] == "main"
    assert pull["title"] == "build(template): update to v9.1.0"
    assert pull["body"] == "What v9.1.0 brings\n"
    assert forge.taken() == "one"
    asked = (forge.folder / "asked").read_text().splitlines()
    assert asked == [
        "run --locked just preview-template",
        "run --locked just update-template --trust",
    ]


def test_it_is_refreshed_and_not_opened_twice(forge: Forge) -> None:
    forge.run("one")
    forge.run("two")
    assert len(forge.pulls()) == 1
    assert forge.taken() == "two"
    before = git("rev-parse", BRANCH, folder=forge.origin)
    forge.run("two")
    assert git("rev-parse", BRANCH, folder=forge.origin) == before


def test_where_there_is_nothing_it_is_silent(forge: Forge) -> None:
    assert forge.run("nothing") == ""
    assert forge.pulls() == []
    assert forge.taken() == ""


@pytest.mark.parametrize(
    ("ends", "told"),
    [("conflicts", "conflict in train.py"), ("refused", "copier-ml: no such template")],
)
def test_what_needs_somebody_fails_and_says_what(forge: Forge, ends: str, told: str) -> None:
    summary = forge.run(ends, expect=1)
    assert told in summary
    assert "`uv run just update-template`" in summary
    assert "What v9.1.0 brings" in summary
    assert forge.pulls() == []
    assert forge.taken() == ""


def test_commits_of_others_on_the_branch_stay(forge: Forge) -> None:
    forge.run("one")
    theirs = forge.clone("theirs")
    git("checkout", "--quiet", BRANCH, folder=theirs)
    forge.commit(theirs, "fixed")
    git("push", "--quiet", folder=theirs)
    before = git("rev-parse", BRANCH, folder=forge.origin)
    assert "test@example.org" in forge.run("two")
    assert git("rev-parse", BRANCH, folder=forge.origin) == before


def test_one_that_was_closed_stays_closed(forge: Forge) -> None:
    forge.run("one")
    forge.pulls_file.write_text(json.dumps([forge.pulls()[0] | {"state": "CLOSED"}]))
    forge.run("two")
    assert [pull["state"] for pull in forge.pulls()] == ["CLOSED"]
    assert forge.taken() == "one"


def test_an_older_pull_request_is_closed(forge: Forge) -> None:
    older = {"number": 1, "headRefName": "template/v9.0.0", "state": "OPEN"}
    other = {"number": 2, "headRefName": "mine", "state": "OPEN"}
    forge.pulls_file.write_text(json.dumps([older, other]))
    forge.run("one")
    assert [pull["state"] for pull in forge.pulls()] == ["CLOSED", "OPEN", "OPEN"]


def test_a_push_that_is_refused_fails_with_the_remedy(forge: Forge) -> None:
    hook = forge.origin / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    assert "TEMPLATE_TOKEN" in forge.run("one", expect=1)
    assert forge.pulls() == []


def test_a_version_that_changes_workflows_waits_for_a_person(forge: Forge) -> None:
    for _ in range(2):
        summary = forge.run("workflows")
    assert forge.taken() == ""
    assert forge.pulls() == []
    (issue,) = json.loads((forge.folder / "issues.json").read_text())
    assert issue["title"] == "build(template): update to v9.1.0"
    assert f"git push origin {BRANCH}" in issue["body"]
    assert "What v9.1.0 brings" in issue["body"]
    assert issue["body"] in summary


def test_its_token_is_that_of_an_environment() -> None:
    assert {name: job.get("environment") for name, job in jobs().items()} == {
        "update": None,
        "propose": "template",
    }


def test_its_rights_are_the_least_and_its_actions_pinned() -> None:
    loaded = load(WORKFLOW)
    assert loaded["permissions"] == {}
    assert {name: job["permissions"] for name, job in jobs().items()} == {
        "update": {"contents": "read"},
        "propose": {
            "actions": "read",
            "contents": "write",
            "issues": "write",
            "pull-requests": "write",
        },
    }
    assert loaded["concurrency"]["group"]
    assert set(loaded[True]) == {"schedule", "workflow_dispatch"}
    lines = WORKFLOW.read_text(encoding="utf-8").splitlines()
    used = [line.strip().removeprefix("- ") for line in lines if "uses:" in line]
    assert used
    assert not [line for line in used if not PINNED.fullmatch(line)]


def test_the_job_that_runs_the_templates_code_has_no_token() -> None:
    with_token = {
        (name, step["name"])
        for name, job in jobs().items()
        for step in job["steps"]
        if "GH_TOKEN" in step.get("env", {})
    }
    titles = ("Fetch", "Open an issue about workflows", "Push", "Open or refresh the pull request")
    assert with_token == {("propose", title) for title in titles}
    for job in jobs().values():
        (checkout,) = [s for s in job["steps"] if s.get("uses", "").startswith("actions/checkout")]
        assert checkout["with"] == {"fetch-depth": 0, "persist-credentials": False}


def test_the_job_with_the_token_runs_nothing_of_the_project() -> None:
    scripts = "\n".join(step.get("run", "") for step in jobs()["propose"]["steps"])
    assert not re.search(r"\b(uv|uvx|just|python3?)\b", scripts)
    used = [step["uses"].partition("@")[0] for step in jobs()["propose"]["steps"] if "uses" in step]
    assert used == ["actions/checkout"]


def hand_over(forge: Forge, *heads: str) -> None:
    """Leave a bundle of some branches, as the template's code could."""
    forge.runs += 1
    made = forge.clone(f"made{forge.runs}")
    git("commit", "--quiet", "--allow-empty", "--message", "other", folder=made)
    git("branch", BRANCH, folder=made)
    left = forge.folder / f"temporary-update{forge.runs}" / "template"
    left.mkdir(parents=True)
    ranges = [f"origin/main..{head}" for head in heads]
    git("bundle", "create", "--quiet", str(left / "update.bundle"), *ranges, folder=made)
    (left / "preview.md").write_text("What v9.1.0 brings\n")


def test_of_what_is_handed_over_only_the_templates_branch_is_taken(forge: Forge) -> None:
    hand_over(forge, "main", BRANCH)
    assert not forge.run_job("propose", "").failed
    assert git("log", "-1", "--format=%s", "main", folder=forge.origin) == "start\n"
    assert git("log", "-1", "--format=%s", BRANCH, folder=forge.origin) == "other\n"


def test_without_the_templates_branch_nothing_is_pushed(forge: Forge) -> None:
    hand_over(forge, "main")
    assert forge.run_job("propose", "").failed == "Fetch"
    assert git("branch", "--format=%(refname:short)", folder=forge.origin) == "main\n"
