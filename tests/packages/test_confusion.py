"""Who wins: our acme-utils 1.0.0, or the attacker's 99.0.0 on the public index. One lock a case.

The first table has the configuration of a render, and the attacker never wins. The second has what
people write instead, and what undoes ours: there the attack works, which shows that it is real.
"""

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from conftest import Render
from package_index import KNOWN, Project, private, serving, tool_uv, write_wheel

UTILS, CORE = "acme-utils", "acme-core"
WRONG = KNOWN | {"UV_INDEX_INTERNAL_PASSWORD": "expired"}
ANONYMOUS: dict[str, str] = {}
MISSING, NOT_FOUND = "Missing credentials", "was not found"


@dataclass(frozen=True)
class Case:
    """The configuration of a render, with these differences."""

    name: str
    index: str = "private"
    """Which server is the internal index."""

    answer: str = "private"
    """Answer to ``package_index``."""

    login: dict[str, str] = field(default_factory=lambda: KNOWN)
    requires: str = UTILS
    pins: tuple[str, ...] = ()
    """Packages with a source, as ``uv add --index internal`` writes it."""

    settings: dict[str, Any] = field(default_factory=dict)
    index_settings: dict[str, Any] = field(default_factory=dict)
    """Keys of the index that differ; one that is None is taken away."""

    environment: dict[str, str] = field(default_factory=dict)
    """Variables; ``PUBLIC`` in them stands for the public index."""

    has_public_beside: bool = False
    """Whether the public index is listed after ours."""

    ours: tuple[str, ...] = ()
    """What is locked, in our version."""

    refusal: str = ""
    """What uv says instead, if it must refuse."""


SAFE = [
    Case("pinned", pins=(UTILS,), ours=(UTILS,)),
    Case("not-pinned", ours=(UTILS,)),
    Case("transitive", requires=CORE, pins=(CORE,), ours=(CORE, UTILS)),
    Case("no-login", login=ANONYMOUS, refusal=MISSING),
    Case("wrong-login", login=WRONG, refusal="403 Forbidden"),
    Case("down", "down", refusal="Connection refused"),
    Case("hanging", "silent", environment={"UV_HTTP_TIMEOUT": "1"}, refusal="timed out"),
    Case("answering-500", "failing", refusal="500 Internal Server Error"),
    Case("hidden-no-login", "hidden", login=ANONYMOUS, refusal=MISSING),
    Case("hidden-wrong-login-pinned", "hidden", login=WRONG, pins=(UTILS,), refusal=NOT_FOUND),
    Case("only-the-attacker-has-it", requires="acme-new", pins=("acme-new",), refusal=NOT_FOUND),
    Case("mirror", answer="mirror", ours=(UTILS,)),
    Case("mirror-transitive", answer="mirror", requires=CORE, ours=(CORE, UTILS)),
    Case("mirror-no-login", answer="mirror", login=ANONYMOUS, refusal=MISSING),
    Case("mirror-hidden-wrong-login", "hidden", "mirror", WRONG, refusal=NOT_FOUND),
    # A source speaks of direct requirements alone; an override makes it speak of all.
    Case(
        "half-overridden",
        "half",
        requires=CORE,
        pins=(CORE, UTILS),
        settings={"override-dependencies": [UTILS]},
        refusal=NOT_FOUND,
    ),
]

IGNORES = {"ignore-error-codes": [401, 403]}
ALLOWS_ANONYMOUS = {"authenticate": None}
ATTACKED = [
    Case("best-match", settings={"index-strategy": "unsafe-best-match"}),
    Case("errors-ignored", login=ANONYMOUS, index_settings=IGNORES | ALLOWS_ANONYMOUS),
    Case("errors-ignored-wrong-login", login=WRONG, index_settings=IGNORES),
    Case("explicit-not-pinned", index_settings={"explicit": True}),
    Case("explicit-transitive", requires=CORE, pins=(CORE,), index_settings={"explicit": True}),
    Case("default-beside-public", answer="mirror", has_public_beside=True),
    Case("hidden-from-anonymous", "hidden", login=ANONYMOUS, index_settings=ALLOWS_ANONYMOUS),
    # From here on it is our configuration: this is where it ends.
    Case("hidden-wrong-login-not-pinned", "hidden", login=WRONG),
    Case("half-transitive", "half", requires=CORE, pins=(CORE, UTILS)),
    Case("strategy-by-variable", environment={"UV_INDEX_STRATEGY": "unsafe-best-match"}),
    Case("index-by-variable", environment={"UV_INDEX": "PUBLIC"}),
    Case("index-of-our-name", pins=(UTILS,), environment={"UV_INDEX": "internal=PUBLIC"}),
    Case("mirror-by-variable", answer="mirror", environment={"UV_DEFAULT_INDEX": "PUBLIC"}),
]


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Addresses of the public index and of each that may be the internal one."""
    folder = tmp_path_factory.mktemp("wheels")
    for place in ("ours", "half"):
        write_wheel(folder / place, CORE, "1.0.0", UTILS)
    write_wheel(folder / "ours", UTILS, "1.0.0")
    for name in (UTILS, CORE, "acme-new"):
        write_wheel(folder / "public", name, "99.0.0", owner="the attacker")
    with ExitStack() as stack:
        small = {
            "public": serving(folder / "public"),
            "hidden": serving(folder / "ours", anonymous_status=404),
            "half": serving(folder / "half"),
            "failing": serving(folder / "ours", status=500),
            "silent": serving(folder / "ours", status=0),
        }
        deaf = stack.enter_context(socket.socket())
        deaf.bind(("127.0.0.1", 0))  # The port is taken, and nothing listens.
        yield {
            "private": stack.enter_context(private(folder / "ours")),
            "down": f"http://127.0.0.1:{deaf.getsockname()[1]}",
            **{name: stack.enter_context(index).address for name, index in small.items()},
        }


def lock(case: Case, render: Render, servers: dict[str, str], place: Path) -> tuple[Project, str]:
    """Lock a project that is configured as the case says; give it and what uv said."""
    public = f"{servers['public']}/simple"
    uv = tool_uv(render, servers[case.index], package_index=case.answer) | case.settings
    uv["sources"] = {name: {"index": "internal"} for name in case.pins}
    (index,) = uv["index"]
    facts = (index | case.index_settings).items()
    uv["index"] = [{key: value for key, value in facts if value is not None}]
    uv["index"] += [{"name": "public", "url": public}] if case.has_public_beside else []
    # Beside a private index there is the public one. A mirror stands for it: there is no other.
    beside = {"UV_DEFAULT_INDEX": public} if case.answer == "private" else {}
    asked = {name: value.replace("PUBLIC", public) for name, value in case.environment.items()}
    project = Project(place, uv, case.requires)
    done = project.uv("lock", **beside, **case.login, **asked)
    assert "Failed to parse" not in done.stderr, "uv would ignore the whole configuration"
    return project, done.stderr


@pytest.mark.parametrize("case", SAFE, ids=lambda case: case.name)
def test_the_attacker_never_wins_against_a_render(
    case: Case, render: Render, servers: dict[str, str], tmp_path: Path
) -> None:
    project, told = lock(case, render, servers, tmp_path)
    if case.refusal:
        assert not (project.folder / "uv.lock").exists()
        assert case.requires in told
        assert case.refusal in told
    else:
        assert project.locked() == dict.fromkeys(case.ours, "1.0.0")


@pytest.mark.parametrize("case", ATTACKED, ids=lambda case: case.name)
def test_the_attack_is_real(
    case: Case, render: Render, servers: dict[str, str], tmp_path: Path
) -> None:
    project, _ = lock(case, render, servers, tmp_path)
    assert project.locked()[UTILS] == "99.0.0"


def test_a_lock_stays_ours_until_it_is_upgraded(
    render: Render, servers: dict[str, str], tmp_path: Path
) -> None:
    project, _ = lock(Case("", "hidden"), render, servers, tmp_path)
    late = WRONG | {"UV_DEFAULT_INDEX": f"{servers['public']}/simple"}
    assert project.uv("lock", **late).returncode == 0
    assert project.locked() == {UTILS: "1.0.0"}
    assert project.uv("lock", "--upgrade", **late).returncode == 0
    assert project.locked() == {UTILS: "99.0.0"}


def test_offline_uv_takes_what_another_project_left_in_the_cache(
    render: Render, servers: dict[str, str], tmp_path: Path
) -> None:
    shared = {"UV_CACHE_DIR": str(tmp_path / "cache")}
    lock(Case("", "hidden", environment=shared, login=WRONG), render, servers, tmp_path / "other")
    offline = shared | {"UV_OFFLINE": "1"}
    project, _ = lock(Case("", environment=offline), render, servers, tmp_path / "unpinned")
    assert project.locked() == {UTILS: "99.0.0"}
    case = Case("", environment=offline, pins=(UTILS,))
    _, told = lock(case, render, servers, tmp_path / "pinned")
    assert "not found in the cache" in told
