"""A template that a project can no longer be updated from is found, and what helps is named."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from conftest import git
from diagnosed import diagnose, edit, make, only
from tiny import commit, make_template, release, write

from copier_ml.cli import main


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_template(tmp_path_factory.mktemp("template"))


@pytest.fixture(scope="module")
def made(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(template, tmp_path_factory.mktemp("made") / "churn", project_name="Churn")


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "churn"))


def test_a_newer_release_is_worth_a_note(template: Path, tmp_path: Path) -> None:
    report = diagnose(make(template, tmp_path / "p", "v1.0.0"))
    assert report["notes"] == [
        "template v1.1.0 is available; 'copier-ml preview' shows its changes"
    ]


def test_a_template_that_is_not_there(project: Path, tmp_path: Path) -> None:
    edit(project, _src_path=str(tmp_path / "gone"))
    finding = only(diagnose(project))
    assert finding["found"].startswith("cannot fetch the template")
    assert "set _src_path in .copier-answers.yml to its new address" in finding["remedy"]


def test_a_version_that_the_template_lacks(tmp_path: Path) -> None:
    template = make_template(tmp_path / "template")
    project = make(template, tmp_path / "p", "v1.0.0")
    git("tag", "--delete", "v1.0.0", folder=template)
    finding = only(diagnose(project))
    assert finding["found"] == "the template has no such version: its tag was deleted"
    first = git("rev-list", "--max-parents=0", "HEAD", folder=template)[:7]
    assert f"to {first}, which fits" in finding["remedy"]


def test_a_commit_that_is_gone_has_no_tag(project: Path) -> None:
    finding = only(diagnose(edit(project, _commit="0123abc")))
    assert "or from a deleted commit" in finding["found"]
    assert "to v1.1.0, which fits" in finding["remedy"]


@pytest.mark.parametrize("recorded", ["0123abc", "v1.0.5", "v0.9.0-3-g0123abc"])
@pytest.mark.parametrize("version", ["v1.0.0", "v1.1.0", "v1.2.0"])
def test_the_version_to_record_is_that_of_the_files(
    tmp_path: Path, version: str, recorded: str
) -> None:
    template = make_template(tmp_path / "template")
    new = {"docs/index.md": "# Read that\n", "a/__init__.py": "", "b/__init__.py": ""}
    release(template, "v1.2.0", new)
    release(template, "v1.3.0", {"docs/index.md": "# Read more\n"})
    project = make(template, tmp_path / "p", version, package_name="churn")
    commit(project, {"README.md": "# Mine\n", "mine.py": "mine = 1\n"})
    finding = only(diagnose(edit(project, _commit=recorded)))
    assert f"to {version}, which fits" in finding["remedy"]

    assert main(["update", str(project), "--trust", "--apply"]) == 2
    edit(project, _commit=version)
    assert main(["update", str(project), "--trust", "--apply"]) == 0
    assert (project / "docs" / "index.md").read_text() == "# Read more\n"
    assert "last = 2" in (project / "src" / "churn" / "train.py").read_text()


def test_a_project_that_shares_no_file_with_its_template(template: Path, tmp_path: Path) -> None:
    files = {".copier-answers.yml": f"{{_src_path: '{template}', _commit: v7}}\n"}
    finding = only(diagnose(commit(tmp_path / "p", files)))
    assert "to an older version, which fits" in finding["remedy"]


@pytest.mark.filterwarnings("ignore::copier.errors.DirtyLocalWarning")
def test_a_template_with_changes_that_were_not_committed(tmp_path: Path) -> None:
    template = make_template(tmp_path / "template")
    write(template, {"template/new.txt": "dirty\n"})
    finding = only(diagnose(make(template, tmp_path / "p", "HEAD")))
    assert "rendered from uncommitted changes" in finding["found"]
    assert "to v1.1.0, which fits" in finding["remedy"]


def test_the_code_of_a_template_runs_only_with_trust(project: Path) -> None:
    report = diagnose(edit(project, license="GPL"), "--json")
    assert [it["found"].split(" in ")[0] for it in report["findings"]] == ["license was 'MIT'"]
    assert "--trust" in report["notes"][0]


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve a folder, where ``/old/`` redirects to ``/new/``; return its address."""

    class Handler(SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.startswith("/old/"):
                self.send_response(301)
                self.send_header("Location", self.path.replace("/old/", "/new/", 1))
                self.end_headers()
            else:
                super().do_GET()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_template_that_moved(template: Path, project: Path, tmp_path: Path) -> None:
    bare = tmp_path / "served" / "new" / "template.git"
    git("clone", "--quiet", "--bare", str(template), str(bare), folder=template)
    git("update-server-info", folder=bare)
    with serving(tmp_path / "served") as address:
        assert diagnose(edit(project, _src_path=f"{address}/new/template.git"))["findings"] == []
        finding = only(diagnose(edit(project, _src_path=f"{address}/old/template.git")))
    assert finding["found"] == f"it redirects to {address}/new/template.git"
    assert f"to {address}/new/template.git, and" in finding["remedy"]
