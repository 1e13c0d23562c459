"""Where a project says that its template is, in the words of uvx."""

import os
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import ROOT, Render, git
from owner import Project

SCRIPT = ROOT / "template" / ".template" / "source.py"
source: Any = runpy.run_path(str(SCRIPT))["source"]
recorded: Any = runpy.run_path(str(SCRIPT))["recorded"]


def run(folder: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, SCRIPT],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if name != "COPIER_ML_SOURCE"}
        | environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://example.org/a/b.git", "git+https://example.org/a/b.git"),
        ("https://github.com/a/b", "git+https://github.com/a/b"),
        ("git+https://example.org/a/b", "git+https://example.org/a/b"),
        ("gh:a/b", "git+https://github.com/a/b"),
        ("gl:a/b.git", "git+https://gitlab.com/a/b.git"),
        ("git@example.org:a/b.git", "git+ssh://git@example.org/a/b.git"),
        ("git@example.org:/srv/a", "git+ssh://git@example.org/srv/a"),
        ("git+git@example.org:a/b", "git+ssh://git@example.org/a/b"),
        ("ssh://git@example.org:22/a/b", "git+ssh://git@example.org:22/a/b"),
        ("git+ssh://git@example.org/a", "git+ssh://git@example.org/a"),
        ("git+file:///srv/a", "git+file:///srv/a"),
    ],
)
def test_an_address_is_said_as_uvx_wants_it(address: str, expected: str) -> None:
    assert source(address) == expected


def test_a_folder_stays_one_and_a_bare_repository_is_an_address(tmp_path: Path) -> None:
    folder, bare = tmp_path / "with work tree", tmp_path / "bare"
    folder.mkdir()
    (folder / "pyproject.toml").touch()
    assert source(str(folder)) == str(folder)
    git("init", "--quiet", "--bare", str(bare), folder=tmp_path)
    assert source(str(bare)) == f"git+{bare.as_uri()}"


@pytest.mark.parametrize("address", ["/no such/folder", "a-word", "git@example.org"])
def test_anything_else_is_refused_with_a_remedy(address: str) -> None:
    with pytest.raises(ValueError, match="COPIER_ML_SOURCE") as refused:
        source(address)
    assert repr(address) in str(refused.value)


@pytest.mark.parametrize(
    "address",
    [
        "/srv/template",
        "/a folder/" + "whose name is long " * 12 + "indeed",
        "/it's",
        "/a: b # c",
        "/Zoë/☃",
        "gh:a/b",
    ],
)
def test_an_address_is_read_as_copier_writes_it(tmp_path: Path, address: str) -> None:
    answers = tmp_path / "answers.yml"
    for options in ({"allow_unicode": True}, {"default_style": '"'}):
        text = yaml.safe_dump({"_commit": "v1", "_src_path": address, "z": 1}, **options)
        text = text.replace('"_src_path"', "_src_path")
        answers.write_text(f"# Written by Copier\n{text}", encoding="utf-8")
        if "\\\n" not in text:  # A broken line in double quotes; Copier writes none.
            assert recorded(answers) == address


def test_the_environment_is_stronger(tmp_path: Path) -> None:
    (tmp_path / ".copier-answers.yml").write_text("_src_path: gh:a/b\n")
    assert run(tmp_path).stdout == "git+https://github.com/a/b\n"
    assert run(tmp_path, COPIER_ML_SOURCE="/mine").stdout == "/mine\n"


@pytest.mark.parametrize("text", [None, "", "a: 1\n", "_src_path:\n", "_src_path: nowhere\n"])
def test_what_is_missing_ends_with_one_line(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / ".copier-answers.yml").write_text(text)
    done = run(tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("template: ")
    assert done.stderr.count("\n") == 1
    assert ".copier-answers.yml" in done.stderr


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for uvx is a shell script")
@pytest.mark.parametrize("verb", ["update", "preview"])
def test_the_verbs_ask_uvx_for_the_program_of_the_template(
    render: Render, tmp_path: Path, verb: str
) -> None:
    """It needs the package rust-just, which uv fetches."""
    uvx = tmp_path / "bin" / "uvx"
    uvx.parent.mkdir()
    uvx.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\nexit 1\n')
    uvx.chmod(0o755)
    project = Project(
        render({}), PATH=f"{uvx.parent}:{os.environ['PATH']}", COPIER_ML_SOURCE="/a folder"
    )
    just = ("tool", "run", "--from", "rust-just", "just")
    asked = project.uv(*just, f"{verb}-template", "--to", "v1 2", expect=1).splitlines()
    expected = ["--from", "/a folder", "copier-ml", verb, ".", "--to", "v1 2"]
    assert asked[-len(expected) :] == expected
