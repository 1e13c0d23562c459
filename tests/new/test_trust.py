"""Whose code runs without being asked, and that an address is cloned from where it says."""

from pathlib import Path

import pytest
import yaml
from conftest import git
from hypothesis import given
from hypothesis import strategies as st
from owner import commit
from updates import ANSWERS, ANSWERS_TEMPLATE, SETTINGS, make_project, run, write

from copier_ml.shared import source, trust
from copier_ml.shared.source import clone_url

HERE = "https://github.com/copier-ml/copier-ml"


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = tmp_path / "settings.yml"
    settings.write_text("trust: [https://git.example.org/ours/]\n")
    monkeypatch.setenv("COPIER_SETTINGS_PATH", str(settings))
    monkeypatch.setattr(source, "installed", lambda: source.Source(HERE, None))


@pytest.mark.parametrize("address", [HERE, f"{HERE}.git", f"git+{HERE}", "gh:copier-ml/copier-ml"])
def test_the_template_that_copier_ml_came_from_is_trusted(address: str) -> None:
    assert trust.is_trusted(clone_url(address, Path.cwd()))


def test_so_is_what_copiers_settings_name() -> None:
    assert trust.is_trusted("https://git.example.org/ours/template.git")


def test_the_forms_of_ssh_are_one(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = source.Source("ssh://git@git.example.org/ml/template.git", None)
    monkeypatch.setattr(source, "installed", lambda: ours)
    assert trust.is_trusted("git@git.example.org:ml/template.git")
    assert not trust.is_trusted("git@git.example.org:ml/other.git")


@pytest.mark.parametrize("address", [f"{HERE}-2", "https://git.example.org/theirs/x.git"])
def test_others_are_not(address: str) -> None:
    assert not trust.is_trusted(clone_url(address, Path.cwd()))


def test_without_a_known_origin_nothing_is_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown() -> source.Source:
        raise ValueError("no Repository")

    monkeypatch.setattr(source, "installed", unknown)
    assert not trust.is_trusted(HERE)


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("gh:acme/ml", "https://github.com/acme/ml.git"),
        ("gl:acme/ml.git", "https://gitlab.com/acme/ml.git"),
        ("https://github.com/acme/ml", "https://github.com/acme/ml.git"),
        ("git+https://git.example.org/ml", "https://git.example.org/ml"),
        ("git@git.example.org:acme/ml.git", "git@git.example.org:acme/ml.git"),
        ("git+file:///srv/my%20template", "/srv/my template"),
        ("./template", "/near/template"),
        ("../other/../template", "/template"),
        ("/srv/template", "/srv/template"),
    ],
)
def test_what_git_clones(address: str, url: str) -> None:
    assert clone_url(address, Path("/near")) == url


@pytest.mark.parametrize(
    "address",
    ["template", "https:/git.example.org/x", "ext::sh -c x", "-u x", "", "fd::17/x", "a:b"],
)
def test_what_is_no_address(address: str) -> None:
    with pytest.raises(ValueError, match="absolute or begins with"):
        clone_url(address, Path.cwd())


PIECES = [
    *("https://", "http://", "ssh://", "git://", "file://", "ftp://", "ext::", "git+", "gh:"),
    *("gl:", "git@", "git.example.org", "github.com", ":", "/", "//", "\\", ".", "~", "-", "ml"),
    *("..", ".git", "@", "%2e", "%2F", " ", "é", "?", "#", "C:", "me:geheim@"),
]


@given(st.lists(st.sampled_from(PIECES), max_size=8).map("".join))
def test_any_address_is_a_folder_by_its_text_or_a_url_of_git(address: str) -> None:
    try:
        url = clone_url(address, Path("/near"))
    except ValueError as error:
        assert "\n" not in str(error)  # noqa: PT017  (most of these are no addresses)
        return
    if url.startswith("/"):
        assert ".." not in Path(url).parts
        assert address.removeprefix("git+").startswith(("/", ".", "~", "file://"))
    else:
        assert (
            url.startswith(("https://", "http://", "ssh://", "git://")) or "@" in url.split(":")[0]
        )
        assert not url.startswith("-")


ADDRESS = "https://git.example.invalid/ours/template.git"
HOSTILE = """\
import pathlib
from jinja2.ext import Extension

pathlib.Path({marker!r}).touch()

class Own(Extension):
    pass
"""


@pytest.fixture
def hostile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """A project with a repository in a folder named like a trusted address, and a marker."""
    settings = tmp_path / "settings.yml"
    settings.write_text("trust: ['https://git.example.invalid/ours/']\n")
    monkeypatch.setenv("COPIER_SETTINGS_PATH", str(settings))
    template, marker = tmp_path / "template", tmp_path / "marker"
    asked = SETTINGS | {
        "_jinja_extensions": [
            "copier_template_extensions.TemplateExtensionLoader",
            "extension.py:Own",
        ]
    }
    for version in ("v1.0.0", "v2.0.0"):
        content = HOSTILE.format(marker=str(marker))
        write(template, {"copier.yml": yaml.safe_dump(asked), "extension.py": content})
        write(template, {ANSWERS_TEMPLATE: "{{ _copier_answers|to_nice_yaml }}"})
        write(template, {"template/a": version})
        if version == "v1.0.0":
            git("init", "--quiet", folder=template)
        commit(template, version)
        git("tag", version, folder=template)
    project = make_project(tmp_path / "project", template, {"a": "v1.0.0"}, _src_path=ADDRESS)
    git("clone", "--quiet", "--bare", str(template), ADDRESS, folder=project)
    commit(project, "a folder that is named like a URL")
    monkeypatch.chdir(project)
    return project, marker


def test_the_hostile_template_would_run(hostile: tuple[Path, Path]) -> None:
    project, marker = hostile
    answers = yaml.safe_load((project / ANSWERS).read_text()) | {"_src_path": f"./{ADDRESS}"}
    (project / ANSWERS).write_text(yaml.safe_dump(answers))
    commit(project, "a folder")
    assert run("preview", project).out.count("--trust") == 1
    assert not marker.exists()
    assert run("preview", project, "--trust").code == 0
    assert marker.exists()


@pytest.mark.parametrize(
    "command",
    [
        ["preview"],
        ["update"],
        ["update", "--apply"],
        ["doctor"],
        ["new", "x", "--template", ADDRESS],
    ],
    ids=" ".join,
)
def test_a_folder_that_is_named_like_a_trusted_address_is_not_cloned(
    hostile: tuple[Path, Path], command: list[str]
) -> None:
    project, marker = hostile
    before = git("rev-parse", "HEAD", folder=project)
    told = run(*command)
    assert told.code
    assert "git.example.invalid" in told.out + told.err
    assert not marker.exists()
    assert git("rev-parse", "HEAD", folder=project) == before


def test_nor_does_adopting_clone_it(hostile: tuple[Path, Path]) -> None:
    project, marker = hostile
    git("rm", "--quiet", ANSWERS, folder=project)
    commit(project, "no project")
    told = run("adopt", "--yes", "--template", ADDRESS)
    assert told.code == 2
    assert "cannot fetch" in told.err
    assert not marker.exists()
