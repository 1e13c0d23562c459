"""Keys that a template moved are moved in the owner's files, line by line or not at all."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from conftest import ROOT, git
from hypothesis import HealthCheck, given
from hypothesis import settings as pace
from hypothesis import strategies as st
from small_template import machinery

YAML = """\
# Settings of production.

seed: 3 # mine

# The least that is accepted.
# It took us a month.
thresholds: # of `evaluate`
  accuracy: 0.95
  # Not yet
  f1: 0.9

layers:
- 16
- 8

port: 80"""

TOML = """\
# A project
name = "churn"

[tool.a]
# Why it is so
select = [
    "A", # one
    "B",
]
kept = 1

[tool.b]
first = "x" # mine

# About c
[tool.c]
inner.deep = true
"""


@pytest.fixture(scope="module")
def settings() -> ModuleType:
    """Return the module, loaded as the migration does: with its siblings beside it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "extensions" / "migrations"))
        patch.delitem(sys.modules, "settings", raising=False)
        import settings
    return settings


def move(settings: ModuleType, text: str, old: str, new: str) -> str:
    is_toml = "[tool" in text
    moved: str = settings.move(text, tuple(old.split(".")), tuple(new.split(".")), is_toml=is_toml)
    return moved


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        ("seed", "random_seed", "random_seed: 3 # mine\n"),
        ("thresholds.f1", "thresholds.f_1", "  # Not yet\n  f_1: 0.9\n"),
        ("thresholds", "limits", "limits: # of `evaluate`\n  accuracy: 0.95\n"),
        ("layers", "sizes", "sizes:\n- 16\n- 8\n"),
        ("thresholds.f1", "gains.f1", "port: 80\ngains:\n  # Not yet\n  f1: 0.9\n"),
        ("port", "thresholds.port", "  f1: 0.9\n  port: 80\n\nlayers"),
        ("layers", "model.sizes", "port: 80\nmodel:\n  sizes:\n  - 16\n  - 8\n"),
        ("thresholds.accuracy", "accuracy", "port: 80\naccuracy: 0.95\n"),
    ],
)
def test_a_key_of_yaml_moves_with_its_comments(
    settings: ModuleType, old: str, new: str, lines: str
) -> None:
    moved = move(settings, YAML, old, new)
    assert lines in moved
    comments = [line for line in YAML.splitlines() if "#" in line]
    assert moved.count("#") == sum(line.count("#") for line in comments)
    assert yaml.safe_load(moved) != yaml.safe_load(YAML)
    assert move(settings, moved, old, new) == moved


def test_a_table_that_lost_its_last_key_is_gone(settings: ModuleType) -> None:
    assert move(settings, "a: 1\nb:\n  c: 2\nd: 3\n", "b.c", "e.c") == "a: 1\nd: 3\ne:\n  c: 2\n"


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        ("tool.a.kept", "tool.a.left", "]\nleft = 1\n"),
        ("tool.b.first", "tool.b.a-b.c", 'a-b.c = "x" # mine\n'),
        ("tool.c.inner.deep", "tool.c.outer", "outer = true\n"),
        (
            "tool.a.select",
            "tool.b.chosen",
            '"x" # mine\n# Why it is so\nchosen = [\n    "A", # one\n',
        ),
        ("tool.a.kept", "tool.d.kept", "inner.deep = true\n\n[tool.d]\nkept = 1\n"),
        ("name", "tool.b.name", '"x" # mine\n# A project\nname = "churn"\n'),
        ("tool.a.kept", "tool.d.a b", '[tool.d]\n"a b" = 1\n'),
    ],
)
def test_a_key_of_toml_moves_with_its_comments(
    settings: ModuleType, old: str, new: str, lines: str
) -> None:
    moved = move(settings, TOML, old, new)
    assert lines in moved
    assert moved.count("#") == TOML.count("#")
    assert tomllib.loads(moved) != tomllib.loads(TOML)
    assert move(settings, moved, old, new) == moved


def test_lines_of_windows_stay(settings: ModuleType) -> None:
    text = YAML.replace("\n", "\r\n")
    assert move(settings, text, "seed", "start") == text.replace("seed:", "start:")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("old: 1\nnew: 2\n", "it has both"),
        ("{old: 1}\n", "its format is unusual"),
        ("a: &x\n  old: 1\nold: *x\nb: |\n  old: 3\n? old\n: 5\n", "its format"),
        ("<<<<<<< mine\nold: 1\n=======\n", "it has conflicts"),
        ("old: [1\n", "it cannot be read"),
        ("a: {b: {old: 1}\n", "it cannot be read"),
    ],
)
def test_what_cannot_be_moved_is_refused(settings: ModuleType, text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        move(settings, text, "old", "new")


KEYS = st.sampled_from(["a", "b", "c d", "e.f", "é"])
VALUES = st.recursive(
    st.integers() | st.text(max_size=8) | st.lists(st.integers(), max_size=3) | st.none(),
    lambda inner: st.dictionaries(KEYS, inner, min_size=1, max_size=3),
    max_leaves=8,
)


@pace(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(KEYS, VALUES, max_size=4), st.booleans(), st.tuples(KEYS), st.tuples(KEYS))
def test_a_moved_file_has_the_same_values(
    settings: ModuleType,
    data: dict[str, object],
    is_flow: bool,
    old: tuple[str, ...],
    new: tuple[str, ...],
) -> None:
    text = yaml.safe_dump(data, default_flow_style=is_flow, allow_unicode=True)
    had = data.get(old[0])
    try:
        moved = settings.move(text, old, new, is_toml=False)
    except ValueError:
        assert old[0] in data
        return
    if old[0] in data:
        assert yaml.safe_load(moved) == {k: v for k, v in data.items() if k != old[0]} | {
            new[0]: had
        }
    else:
        assert moved == text


def test_settings_move_in_config_and_variables_are_told(tmp_path: Path) -> None:
    for source in machinery():
        (tmp_path / source.name).write_bytes(source.read_bytes())
    (tmp_path / "v1_1_0.py").write_text(
        "from steps import MoveKey, MoveSetting\n"
        "STEPS = [MoveSetting('seed', 'start'), MoveSetting('f1', 'limits.f1'),\n"
        "         MoveKey('pyproject.toml', 'tool.a.x', 'tool.b.x'),\n"
        "         MoveKey('no.yaml', 'a', 'b')]\n"
    )
    project = tmp_path / "project"
    (project / "config").mkdir(parents=True)
    files = {
        ".copier-answers.yml": "package_name: churn\n",
        ".gitignore": ".env\n",
        ".env": "export CHURN_SEED=3\n",
        "compose.yaml": "environment: [CHURN_SEED=3, MY_CHURN_SEED=4]\n",
        "config/base.yaml": "seed: 3 # mine\n",
        "config/prod.yaml": "f1: 1\nlimits: {a: 2}\n",
        "config/other.yml": "port: 80\n",
        "pyproject.toml": "[tool.a]\nx = 1\n",
    }
    for name, text in files.items():
        (project / name).write_text(text)
    git("init", "--quiet", folder=project)
    git("add", "--all", folder=project)

    versions = {"STAGE": "after", "VERSION_PEP440_FROM": "1.0", "VERSION_PEP440_TO": "1.1"}
    command = [sys.executable, tmp_path / "run.py", ".copier-answers.yml"]
    for _ in range(2):
        done = subprocess.run(
            command,
            cwd=project,
            env=os.environ | versions,
            check=True,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        assert done.stderr.splitlines() == [
            ".env has CHURN_SEED, which is now CHURN_START: rename it",
            "compose.yaml has CHURN_SEED, which is now CHURN_START: rename it",
            ("config/prod.yaml: move f1 to limits.f1 by hand, because its format is unusual"),
        ]
        left = {name: (project / name).read_text() for name in files}
        assert left == files | {
            "config/base.yaml": "start: 3 # mine\n",
            "pyproject.toml": "[tool.a]\n\n[tool.b]\nx = 1\n",
        }
