"""People write quotes and braces: each text arrives exactly as it was written, or not at all.

A project with harmless texts says where each text is carried. The same project with hostile texts
must then differ in these places, read as its formats are read, and in nothing else.
"""

import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import pytest
import tomli_w
from carried import Files, Put, put, read
from conftest import Answers, copy, questions
from hostile import TEXT_QUESTIONS, TEXTS, refusals, texts
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from loaded import answers as rules
from loaded import packages
from owner import find_uv

from copier_ml.shared.copying import make_worker

MAY_BE_EMPTY = ("description", "author_name", "author_email", "repository_url")
ALWAYS = {"framework": "pytorch", "python_version": "3.12", "cuda_version": "13.0"}
FORKS: list[Answers] = [
    {"license": "MIT", "forge": "github", "package_index": "private"},
    {"license": "BSD-3-Clause", "forge": "gitlab", "package_index": "mirror"},
    {"license": "Apache-2.0", "forge": "github", "package_index": "mirror"},
    {"license": "Proprietary", "forge": "none", "package_index": "private"},
]
"""Together they print every text wherever one can be printed."""

HARMLESS = {
    "project_name": "Zq Title",
    "package_name": "zq_package",
    "description": "Zq sentence.",
    "author_name": "Zq Author",
    "author_email": "zq@author.example",
    "repository_url": "https://zq.example/repository",
    "package_index_name": "zqindex",
    "package_index_url": "https://zqpackages.example/zqi",
    "pytorch_index_url": "https://zqtorch.example/zqt",
}
PRIVATE = {
    "framework": "pytorch",
    "package_index": "private",
    "package_index_url": "https://packages.example.org/simple",
}

SPECIAL = {"download.pytorch.org", "pkgs.dev.azure.com"}
"""Hosts of indexes that more is known of than their name."""


def forms(answers: Answers) -> list[str]:
    """List each text as it is printed: as it is, and in what follows from it."""
    package, index = answers["package_name"], answers["package_index_name"]
    url = answers["package_index_url"].rstrip("/")
    return [
        *(answers[name] for name in TEXT_QUESTIONS),
        package.replace("_", "-"),
        package.upper(),
        index.upper(),
        url,
        packages._publish_url(url),
        answers["pytorch_index_url"].rstrip("/"),
    ]


def harmless(answers: Answers) -> Answers:
    """Choose harmless texts that are treated as these are: the same are empty, or on one host."""
    chosen = {name: text if answers[name] else "" for name, text in HARMLESS.items()}
    index, torch = (answers[name] for name in ("package_index_url", "pytorch_index_url"))
    hosts = [urlsplit(url).netloc for url in (index, torch)]
    last = index.rstrip("/").rpartition("/")[2]
    tail = "/simple" if last in {"simple", "+simple"} else ""
    host = hosts[0] if urlsplit(index).hostname in SPECIAL else "zqpackages.example"
    chosen["package_index_url"] = f"https://{host}/zqi{tail}{slashes(index)}"
    if hosts[0] != hosts[1]:
        host = hosts[1] if torch.startswith(packages.PYTORCH_INDEX) else "zqtorch.example"
    chosen["pytorch_index_url"] = f"https://{host}/zqt{slashes(torch)}"
    return answers | chosen


def slashes(url: str) -> str:
    return url[len(url.rstrip("/")) :]


def replacing(old: list[str], new: list[str]) -> Put:
    """Put new texts in the place of old ones, the longest first, each once."""
    pairs = dict(zip(old, new, strict=True))
    found = re.compile("|".join(map(re.escape, sorted(filter(None, pairs), key=len, reverse=True))))
    return lambda text: found.sub(lambda match: pairs[match[0]], text)


class Renders:
    """Projects of a template, read and thrown away."""

    def __init__(self, template: Path, folder: Path) -> None:
        self.folder = folder
        # One for all: it reads the settings and compiles the templates only once.
        self._worker = make_worker(
            src_path=str(template),
            dst_path=folder,
            data={},
            defaults=True,
            quiet=True,
            skip_tasks=True,
            unsafe=True,
        )
        self._harmless: dict[str, Files] = {}

    def _copy(self, answers: Answers) -> None:
        self._worker.data.clear()
        self._worker.data.update(answers)
        self._worker.run_copy()

    def read(self, answers: Answers) -> Files:
        try:
            self._copy(answers)
            return read(self.folder)
        finally:
            shutil.rmtree(self.folder)

    def check(self, answers: Answers) -> None:
        """Check that a project differs from a harmless one in its texts, and in nothing else."""
        plain = harmless(answers)
        key = repr(plain)
        if key not in self._harmless:
            self._harmless[key] = self.read(plain)
        change = replacing(forms(plain), forms(answers))
        found, expected = self.read(answers), put(self._harmless[key], change)
        for name in found | expected:
            assert found.get(name) == expected.get(name), name

    def refuse(self, answers: Answers, question: str, reason: str) -> None:
        """Check that Copier refuses an answer with this reason, and writes nothing."""
        with pytest.raises(ValueError, match=question) as error:
            self._copy(answers)
        assert str(error.value) == f"Validation error for question '{question}': {reason}"
        assert not self.folder.exists()


def template_path(rendered: str) -> set[str]:
    """Name the files of template/ that a file may be rendered from."""
    path = rendered.replace(HARMLESS["package_name"], "{{ package_name }}")
    path = path.replace(".copier-answers.yml", "{{ _copier_conf.answers_file }}")
    return {path, f"{path}.jinja"}


@pytest.fixture(scope="module")
def carriers(unpacked: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """Files of template/ that carry each text, its answers' file aside."""
    found: dict[str, set[str]] = {name: set() for name in TEXT_QUESTIONS}
    for fork in FORKS:
        project = copy(unpacked, tmp_path_factory.mktemp("plain"), ALWAYS | fork | HARMLESS)
        for path in (path for path in project.rglob("*") if path.is_file()):
            text, place = path.read_text(encoding="utf-8"), str(path.relative_to(project))
            for name in TEXT_QUESTIONS:
                if path.name != ".copier-answers.yml" and HARMLESS[name] in text:
                    found[name] |= template_path(place)
    return found


@pytest.fixture(scope="module")
def light(
    unpacked: Path, carriers: dict[str, set[str]], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The template without files that carry no text, or the package's name alone."""
    folder = tmp_path_factory.mktemp("light") / "template"
    kept = set().union(*(carriers[name] for name in TEXT_QUESTIONS if name != "package_name"))
    kept |= template_path(".copier-answers.yml") | {"justfile.jinja", "compose.yaml.jinja"}
    kept |= {"Dockerfile.jinja", ".gitlab-ci.yml.jinja", "src/{{ package_name }}/py.typed"}
    shutil.copytree(unpacked, folder)
    shutil.rmtree(folder / "template")
    for name in kept:
        if (unpacked / "template" / name).exists():
            (folder / "template" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(unpacked / "template" / name, folder / "template" / name)
    return folder


def test_every_text_question_is_tried(carriers: dict[str, set[str]]) -> None:
    assert TEXT_QUESTIONS == list(TEXTS) == list(HARMLESS)
    assert all(carriers.values())
    assert {name for name in TEXT_QUESTIONS if "default" in questions()[name]} >= {*MAY_BE_EMPTY}


def try_texts(renders: Renders, n_examples: int, seed: bool) -> Counter[tuple[str, bool]]:
    """Try texts for all questions at once, and count what was accepted and refused."""
    counts: Counter[tuple[str, bool]] = Counter()

    @settings(
        deadline=None,
        max_examples=n_examples,
        derandomize=seed,
        database=None,
        report_multiple_bugs=False,
        phases=[Phase.explicit, Phase.generate],  # To shrink nine texts takes minutes.
        suppress_health_check=list(HealthCheck),
    )
    @given(
        st.fixed_dictionaries({name: texts(name) for name in TEXT_QUESTIONS}),
        st.sampled_from(FORKS),
    )
    def attempt(given_texts: dict[str, str], fork: Answers) -> None:
        answers = ALWAYS | fork | given_texts
        refused = refusals(answers)
        counts.update((name, name not in refused) for name in TEXT_QUESTIONS)
        accepted = answers | {name: HARMLESS[name] for name in refused}
        assert all(reason.isprintable() and len(reason) < 300 for reason in refused.values())
        if refused and sum(counts.values()) % 4 == 0:
            name = min(refused, key=lambda name: counts[name, False])
            renders.refuse(accepted | {name: answers[name]}, name, refused[name])
        renders.check(accepted)

    attempt()
    return counts


@pytest.mark.parametrize(
    ("n_examples", "seed"),
    [(200, True), pytest.param(10_000, False, marks=pytest.mark.nightly)],
    ids=["some", "many"],
)
def test_every_accepted_text_arrives_as_it_was_written(
    light: Path, tmp_path: Path, n_examples: int, seed: bool
) -> None:
    counts = try_texts(Renders(light, tmp_path / "project"), n_examples, seed)
    print(counts)
    for name in TEXT_QUESTIONS:
        tried = counts[name, True] + counts[name, False]
        assert min(counts[name, True], counts[name, False]) > tried / 10, name


def test_every_file_of_a_project_stays_sound(unpacked: Path, tmp_path: Path) -> None:
    try_texts(Renders(unpacked, tmp_path / "project"), 10, seed=True)


@settings(
    deadline=None,
    max_examples=5,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(st.lists(TEXTS["package_index_url"], min_size=100, max_size=100))
def test_uv_reads_every_address_that_is_accepted(addresses: list[str]) -> None:
    read = [address for address in addresses if not rules.refuse_index(address)]
    assert len(read) > 30
    rows = [{"name": f"i{n}", "url": address} for n, address in enumerate(read)]
    project = {"name": "a", "version": "1", "requires-python": ">=3.11"}
    with TemporaryDirectory() as folder:
        text = tomli_w.dumps({"project": project, "tool": {"uv": {"index": rows}}})
        Path(folder, "pyproject.toml").write_text(text)
        subprocess.run([find_uv(), "lock", "--offline", "--quiet"], cwd=folder, check=True)


@pytest.mark.parametrize(
    ("question", "text", "reason"),
    [
        ("project_name", "", "at least one letter"),
        ("project_name", "a" * 81, "at most 80 characters"),
        ("package_name", "a/b", "use a-z, 0-9"),
        ("package_name", "../up", "start with a letter"),
        ("description", "two\nlines", "U+000A"),
        ("author_name", "a\0b", "U+0000"),
        ("author_email", "ada", "use ada@example.org"),
        ("repository_url", "http://example.org/a", "use https://host/owner/name"),
        ("pytorch_index_url", "ftp://mirror", "use https://host/path"),
        ("package_index_url", "", "use https://host/path"),
        ("package_index_url", "http://packages.example.org/simple", "use https://host/path"),
        ("package_index_url", "https://ada:secret@packages.example.org", "remove user"),
        ("package_index_url", "https://1.2.3.4.5/", "use https://host/path"),
        ("package_index_name", "My Index", "use a-z, then a-z or 0-9"),
        ("package_index_auth", "password", "password"),
        ("cuda_version", "11.8", "11.8"),
        ("forge", "jenkins", "jenkins"),
        ("python_version", "2.7", "2.7"),
        ("profile", "huge", "huge"),
        ("features", ["docs", "jazz"], "jazz"),
    ],
)
def test_a_refused_answer_says_why_and_writes_nothing(
    snapshot: Path, tmp_path: Path, question: str, text: str, reason: str
) -> None:
    with pytest.raises(ValueError, match=question) as error:
        copy(snapshot, tmp_path / "new", PRIVATE | {question: text})
    assert reason in str(error.value)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ({"framework": "sklearn", "cuda_version": "13.0"}, "scikit-learn has no separate build"),
        ({"framework": "jax", "cuda_version": "13.2"}, "answer 12.6 or 13.0"),
        ({"framework": "jax", "python_version": "3.11"}, "Python 3.12 to 3.14"),
    ],
)
def test_answers_that_do_not_go_together_are_refused_with_the_reason(
    snapshot: Path, tmp_path: Path, answers: Answers, reason: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(reason)):
        copy(snapshot, tmp_path / "new", answers)
    assert not (tmp_path / "new").exists()
