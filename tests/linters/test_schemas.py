"""Files of forges, bots and tools fit the schemas that others publish for them."""

import json
from pathlib import Path
from typing import NamedTuple

import pytest
from check_jsonschema import main
from click.testing import CliRunner
from linting import HERE, ours, rendered


class Schema(NamedTuple):
    """A schema, the files that it is for, and a file that breaks it."""

    options: list[str]
    reads: str
    file: str
    fault: str


SCHEMAS = {
    "workflows": Schema(
        ["--builtin-schema", "vendor.github-workflows"],
        r"\.github/workflows/.*\.yml",
        "ci.yml",
        "on: pull\njobs: {}\n",
    ),
    "Dependabot": Schema(
        ["--builtin-schema", "vendor.dependabot"],
        r"\.github/dependabot\.yml",
        "dependabot.yml",
        "version: 2\nupdates: [{package-ecosystem: snake}]\n",
    ),
    "Renovate": Schema(
        ["--builtin-schema", "vendor.renovate"],
        r"\.renovaterc\.json",
        ".renovaterc.json",
        '{"automerge": "perhaps"}\n',
    ),
    "GitLab CI": Schema(
        ["--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci"],
        r"\.gitlab-ci\.yml|\.gitlab/.*\.yml",
        ".gitlab-ci.yml",
        "check: {script: [just check], when: perhaps}\n",
    ),
    "Compose": Schema(
        ["--builtin-schema", "vendor.compose-spec"],
        r"compose\.yaml",
        "compose.yaml",
        "services: {a: {imge: python}}\n",
    ),
    "development containers": Schema(
        ["--schemafile", str(HERE / "devcontainer.schema.json")],
        r"\.devcontainer/devcontainer\.json",
        "devcontainer.json",
        json.dumps({"name": "A name", "imge": "python:3"}),
    ),
}

OURS = ["workflows", "Dependabot"]


def check(schema: Schema, files: list[Path]) -> tuple[int, str]:
    """Check files in this process: starting one takes longer than checking."""
    told = CliRunner().invoke(main, [*schema.options, *map(str, files)])
    return told.exit_code, told.output


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS)
def test_files_of_renders_fit(schema: Schema, covering: Path) -> None:
    files = rendered(covering, schema.reads)
    assert files
    status, told = check(schema, files)
    assert status == 0, told


@pytest.mark.parametrize("name", OURS)
def test_files_of_this_repository_fit(name: str) -> None:
    files = ours(SCHEMAS[name].reads)
    assert files
    status, told = check(SCHEMAS[name], files)
    assert status == 0, told


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS)
def test_a_fault_is_found(schema: Schema, tmp_path: Path) -> None:
    planted = tmp_path / schema.file
    planted.write_text(schema.fault, encoding="utf-8")
    status, told = check(schema, [planted])
    assert status == 1
    assert "Schema validation errors" in told
