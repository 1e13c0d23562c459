"""Measure the images of a project, compared with a naive image.

    uv run python benchmarks/images.py [--rounds N]

Needs Docker, or podman and runc as root, as the tests of tests/containers/ do. The other image has
one stage, the same base, lock and model, and uv's cache, so it downloads nothing again either. The
sides of a comparison alternate; each is reported by its fastest round. Prints a Markdown table.
"""

import argparse
import functools
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from comparison import COPIER, ENVIRONMENT, ROOT, make_repository, run, seconds

sys.path.insert(0, str(ROOT / "tests"))
sys.path.insert(0, str(ROOT / "tests" / "support"))
sys.path.insert(0, str(ROOT / "tests" / "containers"))  # Before this folder: it has an images.py.
import engine
import images
import standins
from owner import Project, find_python, find_uv

HEADER = """\
| what | measured | compared with | measured | ratio | goal |
|---|---|---|---|---|---|"""
NAIVE = """\
FROM {python}
COPY --from={uv} /uv /usr/local/bin/uv
ENV PATH=/app/.venv/bin:$PATH UV_LINK_MODE=copy UV_SYSTEM_CERTS=1
WORKDIR /app
COPY . .
RUN --mount=type=cache,target=/root/.cache/uv uv sync --locked --no-dev --extra serve
CMD ["my-ml-project", "serve"]
"""
NAIVE_MODEL = ("--env=MY_ML_PROJECT_MODEL=export/model", "--env=HOME=/tmp")
NO_BYTE_CODE = "--env=PYTHONPYCACHEPREFIX=/nowhere"
SERVED, OTHER = "localhost/benchmark/ours", "localhost/benchmark/naive"
BUILT: list[str] = []
RAISED = "idna==3.10"  # Any version but the locked one, of a package that the service has.

Side = Callable[[], float]


def main() -> None:
    """Run every comparison and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    sys.stdout.reconfigure(line_buffering=True)
    with tempfile.TemporaryDirectory() as name, removing_images():
        folder = Path(name)
        project = make_project(folder)
        print(HEADER)
        compare_sizes(project)
        compare_rebuilds(project, max(1, rounds // 2))
        compare_dependencies(project)
        compare_starts(project, rounds)


@contextmanager
def removing_images() -> Iterator[None]:
    """Remove the built images by name: an image of the same content may have other names."""
    try:
        yield
    finally:
        for image in reversed(BUILT):
            engine.find().attempt("rmi", image)


def make_project(folder: Path) -> Project:
    """Render a project with its lock, and write the other Dockerfile beside it."""
    template = make_repository(folder / "template", ROOT)
    project = Project(folder / "project", UV_PYTHON=find_python("3.11"))
    ENVIRONMENT.update(project.environment, UV=find_uv())
    answers = [f"--data={answer}" for answer in ("python_version=3.11", "features=[]")]
    run(*COPIER, *answers, template, project.folder)
    with (project.folder / "pyproject.toml").open("a") as file:
        file.write(f"# {time.time_ns()}\n")  # Prevents layer reuse from another build.
    dockerfile = project.folder / "Dockerfile"
    standins.provide_all(dockerfile)
    uv, python = re.findall(r"^FROM (\S+[.]\S+)", dockerfile.read_text(encoding="utf-8"), re.M)
    (folder / "naive").write_text(NAIVE.format(uv=uv, python=python), encoding="utf-8")
    build_both(project)
    return project


def build(project: Project, target: str, name: str) -> float:
    """Build a target as ``just image`` does, without labels; return the seconds."""
    constant = ["--timestamp=0"] if engine.find().program == "podman" else []
    return _build(project, name, f"--target={target}", *constant)


def build_naive(project: Project) -> float:
    """Build the naive image for any target; return the seconds."""
    return _build(project, OTHER, f"--file={project.folder.parent / 'naive'}")


def _build(project: Project, name: str, *options: str) -> float:
    BUILT.extend(
        (name, f"{name}:{len(BUILT)}")
    )  # The second name keeps the image when the next is built.
    tags = [f"--tag={one}" for one in BUILT[-2:]]
    return seconds(lambda: engine.find()("build", *tags, *options, str(project.folder)))


def build_both(project: Project, target: str = "serve") -> None:
    """Build both services."""
    build(project, target, SERVED)
    build_naive(project)


def compare(name: str, one: Side, other_name: str, other: Side, rounds: int, goal: str) -> None:
    """Alternate two self-timed sides, and print their fastest rounds."""
    found = [(one(), other()) for _ in range(rounds)]
    first, second = (min(side) for side in zip(*found, strict=True))
    show(name, first, second, goal, other_name)


def show(name: str, one: float, other: float, goal: str, other_name: str = "one stage") -> None:
    """Print a line of the table."""
    print(f"| {name} | {one:.2f} | {other_name} | {other:.2f} | {one / other:.3f} | {goal} |")


def compare_sizes(project: Project) -> None:
    """Print what each service adds to the shared base."""
    _, base, *_ = (project.folder.parent / "naive").read_text(encoding="utf-8").split()
    ours, theirs, least = (engine.find().inspect(name)["Size"] for name in (SERVED, OTHER, base))
    show("`serve` adds to its base, MB", (ours - least) / 1e6, (theirs - least) / 1e6, "<= 300")


def compare_rebuilds(project: Project, rounds: int) -> None:
    """Change a file of the source and build again, each time with a change never seen before."""
    changed = project.folder / "src" / "my_ml_project" / "alerts.py"
    text = changed.read_text(encoding="utf-8")

    def ours() -> float:
        changed.write_text(f"{text}\nCHANGED = {time.time_ns()}\n", encoding="utf-8")
        return build(project, "serve", SERVED)

    theirs = functools.partial(build_naive, project)  # With the same change.
    with comparing_layers(project, "the source", "<= 1"):
        compare("build after a change of the source, s", ours, "one stage", theirs, rounds, "<= 5")


def compare_dependencies(project: Project) -> None:
    """Bump a package in the lock; then add one, which changes the wheel's metadata."""
    with comparing_layers(project, "a locked version", ""):
        project.uv("lock", "--upgrade-package", RAISED)
        build_both(project)
    with comparing_layers(project, "the dependencies", ""):
        project.uv("add", "--no-sync", "toolz")
        build_both(project)


@contextmanager
def comparing_layers(project: Project, change: str, goal: str) -> Iterator[None]:
    """Print how much of each service a machine with the previous version has to pull."""
    folder, moved = project.folder.parent, {}
    before = {image: images.layers(image, folder) for image in (SERVED, OTHER)}
    yield
    for image, digests in before.items():
        now = images.layers(image, folder)
        moved[image] = {i: size for i, (d, size) in enumerate(now.items()) if d not in digests}
    ours, theirs = (sum(sizes.values()) / 1e6 for sizes in moved.values())
    show(f"moved after a change of {change}, MB", ours, theirs, goal)
    sizes_text = ", ".join(f"{i}: {size / 1e6:.2f} MB" for i, size in moved[SERVED].items())
    print(f"layers of `serve` that differ, the base's being 0: {sizes_text}", file=sys.stderr)


def compare_starts(project: Project, rounds: int) -> None:
    """Time the start of services with a model, with and without bytecode."""
    project.uv("sync", "--quiet")
    for command in ("train", "evaluate", "promote", "export"):
        project.command(command)
    build_both(project, "serve-model")

    def start(image: str, *options: str) -> float:
        begin = time.perf_counter()
        with images.serve(image, *options) as (url, container):
            images.wait(url, container)
            return time.perf_counter() - begin

    ours = functools.partial(start, SERVED)
    at_once = ("run", "--rm", *images.READ_ONLY, "--entrypoint=python", SERVED, "-c", "pass")
    others = {
        "one stage": functools.partial(start, OTHER, *NAIVE_MODEL),
        "without byte code": functools.partial(start, SERVED, NO_BYTE_CODE),
        "start Python in it": lambda: seconds(lambda: engine.find()(*at_once)),
    }
    for name, other in others.items():
        compare("from `run` to ready, s", ours, name, other, rounds, "<= 3")


if __name__ == "__main__":
    main()
